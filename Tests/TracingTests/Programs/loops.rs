// SPDX-License-Identifier: Apache-2.0
//
// The same as loops.c on tokio: each handler is a task. Tests only.
use std::sync::Mutex;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};

static KEPT: Mutex<Vec<TcpStream>> = Mutex::new(Vec::new());

async fn read_all(connection: &mut TcpStream) {
    let mut bytes = [0u8; 256];
    while let Ok(count) = connection.read(&mut bytes).await {
        if count == 0 {
            break;
        }
    }
}

async fn handle_upload(mut connection: TcpStream) {
    read_all(&mut connection).await;
    KEPT.lock().unwrap().push(connection);
}

async fn handle_download(mut connection: TcpStream) {
    read_all(&mut connection).await;
}

async fn handle(mut connection: TcpStream) {
    let mut letter = [0u8; 1];
    match connection.read(&mut letter).await {
        Ok(1) if letter[0] != b'd' => handle_upload(connection).await,
        _ => handle_download(connection).await,
    }
}

#[tokio::main]
async fn main() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap().port());
    loop {
        let (connection, _) = listener.accept().await.unwrap();
        tokio::spawn(handle(connection));
    }
}
