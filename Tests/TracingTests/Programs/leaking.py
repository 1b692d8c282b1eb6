# SPDX-License-Identifier: Apache-2.0
"""A server with a handler that closes (d) and one that does not (u), on one way through the program:
with threads, or with asyncio: by protocols (loop) or by streams. A second word is the module that has
the loop. Says its port. The first byte of a connection chooses; k is one whose handler ends and keeps
the connection, w one that takes it away from the loop."""
import asyncio
import importlib
import os
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
        if data[:1] == b"w":
            return self.take_out()
        protocol = Upload() if data[:1] == b"u" else Download()
        self.transport.set_protocol(protocol)
        protocol.connection_made(self.transport)


    def take_out(self):
        """Reads by itself, by the number that the loop's closed transport had, which is kept."""
        number = self.transport.get_extra_info("socket").fileno()
        other = os.dup(number)
        kept.append(self.transport)
        self.transport.set_protocol(Upload())
        self.transport.abort()
        # The loop closes it just before that, and accepts nobody in between.
        asyncio.get_running_loop().call_soon(self.read_out, other, number)

    def read_out(self, other, number):
        os.dup2(other, number)
        os.close(other)
        connection = socket.socket(fileno=number)
        connection.setblocking(True)
        read_all(connection)
        kept.append(connection)


async def serve_loop():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Chooser, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def read_stream(reader):
    while await reader.read(256):
        pass


async def upload_stream(reader):
    await read_stream(reader)
    await asyncio.sleep(3600)


async def handle_stream(reader, writer):
    letter = await reader.read(1)
    if letter == b"u":
        await upload_stream(reader)
    await read_stream(reader)
    if letter == b"k":
        kept.append(writer)
    else:
        writer.close()


async def serve_streams():
    server = await asyncio.start_server(handle_stream, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if sys.argv[1] == "threads":
    serve_threads()
loop = importlib.import_module((sys.argv[2:] or ["asyncio"])[0])
if loop is not asyncio:
    loop.install()
asyncio.run(serve_loop() if sys.argv[1] == "loop" else serve_streams())
