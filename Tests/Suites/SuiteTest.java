// SPDX-License-Identifier: Apache-2.0
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

@TestMethodOrder(MethodOrderer.MethodName.class)
class SuiteTest {
  static final List<Socket> kept = new ArrayList<>();

  void connect(boolean leaks) throws Exception {
    InetAddress loopback = InetAddress.getByName("127.0.0.1");
    try (ServerSocket listener = new ServerSocket(0, 1, loopback)) {
      Socket client = new Socket(loopback, listener.getLocalPort());
      Socket server = listener.accept();
      client.close();
      if (leaks) kept.add(server);
      else server.close();
    }
  }

  @Test
  void aBefore() throws Exception {
    connect(false);
  }

  @Test
  void bPlanted() throws Exception {
    connect("1".equals(System.getenv("LEAK")));
  }

  @Test
  void cAfter() throws Exception {
    connect(false);
  }
}
