# SPDX-License-Identifier: Apache-2.0
require "socket"

KEPT = []

def connect(leaks)
  listener = TCPServer.new("127.0.0.1", 0)
  client = TCPSocket.new("127.0.0.1", listener.addr[1])
  server = listener.accept
  client.close
  leaks ? KEPT << server : server.close
ensure
  listener&.close
end
