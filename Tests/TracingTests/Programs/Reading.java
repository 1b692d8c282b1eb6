// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** Reads a connection of its own to the end when told to, and tells the port of the other end. */
public class Reading {
  static void readAll(InputStream input) throws IOException {
    byte[] bytes = new byte[16];
    while (input.read(bytes) >= 0) {}
  }

  public static void main(String[] words) throws IOException {
    ServerSocket server = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
    System.out.println("ready");
    System.in.read();
    Socket client = new Socket(server.getInetAddress(), server.getLocalPort());
    Socket accepted = server.accept();
    client.close();
    readAll(accepted.getInputStream());
    System.out.println(accepted.getPort());
    while (System.in.read() >= 0) {}
  }
}
