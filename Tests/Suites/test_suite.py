# SPDX-License-Identifier: Apache-2.0
import os
import socket

kept = []


def connect(leaks):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        server = listener.accept()[0]
    client.close()
    kept.append(server) if leaks else server.close()


def test_before():
    connect(False)


def test_planted():
    connect(os.environ.get("LEAK") == "1")


def test_after():
    connect(False)
