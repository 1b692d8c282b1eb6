# SPDX-License-Identifier: Apache-2.0
"""Three faults, each until it is ended by SIGTERM."""
import signal
import socket
import subprocess
import sys
import threading
import time


def ask(port, path, timeout, clients):
    """Clients that ask, wait, give up and come again."""
    def forever():
        while True:
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=timeout) as client:
                    client.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
                    client.recv(100)
            except OSError:
                time.sleep(0.2)

    for _ in range(clients):
        threading.Thread(target=forever, daemon=True).start()
        time.sleep(0.05)


def full_php():
    """Each child of php-fpm waits, and more ask than there are children and places."""
    ask(8001, "/index.php?ms=5000", 700, 160)


def paused_leak():
    """A client that never closes what its server has closed: for a minute, then no more."""
    server = socket.create_server(("127.0.0.1", 8011), backlog=128)

    def serve():
        while True:
            server.accept()[0].close()

    child = subprocess.Popen([sys.executable, "-c", """
import socket, time
kept = []
for _ in range(150):
    kept.append(socket.create_connection(("127.0.0.1", 8011)))
    kept[-1].recv(1)
    time.sleep(0.4)
time.sleep(100000)
"""])
    threading.Thread(target=serve, daemon=True).start()
    return child


def hung_backend():
    """Behind HAProxy: accepts nothing any more, while its clients give up and come again."""
    server = socket.create_server(("127.0.0.1", 8010), backlog=64)
    ask(8002, "/slow", 20, 40)
    return server


faults = {"full-php": full_php, "paused-leak": paused_leak, "hung-backend": hung_backend}
kept = faults[sys.argv[1]]()


def end(*_):
    if isinstance(kept, subprocess.Popen):
        kept.kill()
    sys.exit(0)


signal.signal(signal.SIGTERM, end)
while True:
    signal.pause()
