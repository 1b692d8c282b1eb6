# SPDX-License-Identifier: Apache-2.0
"""Load as real clients make it: short requests, pools that idle, subscribers that wait, copies."""
import http.client
import random
import socket
import subprocess
import sys
import threading
import time

work = sys.argv[1]


def forever(action):
    def run():
        while True:
            try:
                action()
            except (OSError, http.client.HTTPException, subprocess.SubprocessError):
                time.sleep(1)

    threading.Thread(target=run, daemon=True).start()


def short(port, path="/file"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    connection.getresponse().read()
    connection.close()
    time.sleep(random.uniform(0.02, 0.2))


def pooled(port, path="/file"):
    pool = [http.client.HTTPConnection("127.0.0.1", port, timeout=30) for _ in range(8)]
    for _ in range(40):
        connection = random.choice(pool)
        try:
            connection.request("GET", path)
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            connection.close()
        time.sleep(random.expovariate(1))
    for connection in pool:
        connection.close()


def lines(port, request, seconds):
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            connection.sendall(request)
            connection.recv(4096)
            time.sleep(random.uniform(0.05, 5))


def command(*words):
    subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    time.sleep(random.uniform(1, 5))


def through_proxy():
    connection = http.client.HTTPConnection("127.0.0.1", 8005, timeout=30)
    connection.request("GET", "http://127.0.0.1:8001/file")
    connection.getresponse().read()
    connection.close()
    time.sleep(random.uniform(0.1, 1))


for port in (8001, 8002, 8003, 8004):
    forever(lambda port=port: short(port))
    forever(lambda port=port: pooled(port))
forever(lambda: short(8001, "/index.php?ms=20"))
forever(lambda: pooled(8002, "/index.php?ms=50"))
forever(through_proxy)
for seconds in (1, 10, 300):
    forever(lambda seconds=seconds: lines(6379, b"PING\r\n", seconds))
    forever(lambda seconds=seconds: lines(11211, b"version\r\n", seconds))
forever(lambda: command("redis-benchmark", "-q", "-n", "2000", "-c", "20", "-t", "get,set"))
forever(lambda: command("psql", "-h", "127.0.0.1", "-U", "postgres", "-c", "select pg_sleep(1)"))
forever(lambda: command("psql", "-h", "127.0.0.1", "-p", "6432", "-U", "postgres", "-c", "select 1",
                        "postgres"))
forever(lambda: command("psql", "-h", "127.0.0.1", "-p", "6432", "-U", "postgres", "-c",
                        "select pg_sleep(60)", "postgres"))
forever(lambda: command("mariadb", "-h", "127.0.0.1", "-u", "root", "-e", "select sleep(1)"))
forever(lambda: command("mariadb-slap", "-h", "127.0.0.1", "-u", "root", "-a", "-c", "10",
                        "--number-of-queries=500"))
for _ in range(20):
    forever(lambda: command("mosquitto_sub", "-t", "a/b", "-W", str(random.randint(20, 400))))
forever(lambda: command("mosquitto_pub", "-t", "a/b", "-m", "x"))
for seconds in (5, 60):
    forever(lambda seconds=seconds: command(
        "ssh", "-i", f"{work}/key", "-p", "8022", "-o", "StrictHostKeyChecking=no", "-o",
        "UserKnownHostsFile=/dev/null", "root@127.0.0.1", "sleep", str(seconds)))
amqp = b"AMQP\x00\x00\x09\x01"
forever(lambda: lines(5672, amqp, 3))
while True:
    time.sleep(60)
