// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A server with a handler that closes (d) and one that does not (u), on one way through a pool of
 * threads. Says its port. The first byte of a connection chooses.
 */
public class Leaking {
  static final List<Socket> kept = Collections.synchronizedList(new ArrayList<>());

  static void readAll(Socket socket) throws IOException {
    byte[] bytes = new byte[256];
    while (socket.getInputStream().read(bytes) >= 0) {}
  }

  static void handleUpload(Socket socket) throws IOException {
    readAll(socket);
    kept.add(socket);
  }

  static void handleDownload(Socket socket) throws IOException {
    readAll(socket);
    socket.close();
  }

  static Void handle(Socket socket) throws IOException {
    if (socket.getInputStream().read() == 'u') {
      handleUpload(socket);
    } else {
      handleDownload(socket);
    }
    return null;
  }

  public static void main(String[] words) throws IOException {
    ServerSocket server = new ServerSocket(0, 1024, InetAddress.getByName("127.0.0.1"));
    System.out.println("ready");
    System.out.println(server.getLocalPort());
    ExecutorService pool = Executors.newFixedThreadPool(8);
    while (true) {
      Socket socket = server.accept();
      pool.submit(() -> handle(socket));
    }
  }
}
