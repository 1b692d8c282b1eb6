# SPDX-License-Identifier: Apache-2.0
"""A server with a handler that closes (d) and one that does not (u), on one way through the program:
with threads, or with asyncio. Says its port. The first byte of a connection chooses."""
import asyncio
import socket
import sys
import threading

kept = []


def read_all(connection):
    while connection.recv(256):
        pass


def handle_upload(connection):
    read_all(connection)
    kept.append(connection)


def handle_download(connection):
    read_all(connection)
    connection.close()


def handle(connection):
    letter = connection.recv(1)
    (handle_upload if letter == b"u" else handle_download)(connection)


def serve_threads():
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=handle, args=(connection,), daemon=True).start()


class Upload(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def eof_received(self):
        kept.append(self.transport)
        return True


class Download(Upload):
    def eof_received(self):
        return False


class Chooser(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        protocol = Upload() if data[:1] == b"u" else Download()
        self.transport.set_protocol(protocol)
        protocol.connection_made(self.transport)


async def serve_loop():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Chooser, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if sys.argv[1] == "threads":
    serve_threads()
asyncio.run(serve_loop())
