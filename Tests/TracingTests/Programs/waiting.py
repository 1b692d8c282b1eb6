# SPDX-License-Identifier: Apache-2.0
"""The same as waiting.c with threads of Python."""
import socket
import sys
import threading
import time

listener = socket.create_server(("127.0.0.1", 0))
lock = threading.Lock()


def fetch_price():
    server = socket.create_connection(listener.getsockname())
    server.recv(16)


def refresh_all():
    with lock:
        fetch_price()


for _ in range(20):
    threading.Thread(target=refresh_all, daemon=True).start()
time.sleep(1)
print("waiting", flush=True)
sys.stdin.readline()
