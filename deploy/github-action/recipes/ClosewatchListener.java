// SPDX-License-Identifier: Apache-2.0

import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/**
 * JUnit 5, by itself, in Gradle or in Maven: names each test to closewatch run. Does nothing
 * without it. Java has no datagrams over unix sockets, so it is UDP.
 */
public class ClosewatchListener implements TestExecutionListener {
  private static void say(String words) {
    String place = System.getenv("CLOSEWATCH_RUN_UDP");
    if (place == null) return;
    String[] parts = place.split(":");
    byte[] bytes = words.getBytes(StandardCharsets.UTF_8);
    try (DatagramSocket speaker = new DatagramSocket()) {
      speaker.setSoTimeout(30_000);
      InetAddress host = InetAddress.getByName(parts[0]);
      int port = Integer.parseInt(parts[1]);
      speaker.send(new DatagramPacket(bytes, bytes.length, host, port));
      speaker.receive(new DatagramPacket(new byte[16], 16));
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Override
  public void executionStarted(TestIdentifier test) {
    if (!test.isTest()) return;
    String name =
        test.getSource()
            .filter(MethodSource.class::isInstance)
            .map(MethodSource.class::cast)
            .map(source -> source.getClassName() + "." + source.getMethodName())
            .orElse(test.getUniqueId());
    say("test " + name);
  }

  @Override
  public void testPlanExecutionFinished(TestPlan plan) {
    say("end");
  }
}
