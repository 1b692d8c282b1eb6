# SPDX-License-Identifier: Apache-2.0
"""A collector of OTLP/HTTP for tests: it prints its port, then each request as a line of JSON.

    collector.py [--port PORT] [--certificate PEM] ANSWER...

An answer is 200; 200-3, which leaves out 3 data points; 400; 503:2, which says Retry-After: 2;
slow, which is none until the client has gone; or garbage, which is no HTTP. The last one is given
again and again. What a request means is decoded by opentelemetry-proto, which knows nothing of us.
"""

import argparse
import http.server
import json
import os
import ssl
import sys
import threading
import time

from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as service
from opentelemetry.proto.metrics.v1 import metrics_pb2

lock = threading.Lock()


def attributes(pairs):
    found = {}
    for pair in pairs:
        assert pair.key not in found, f"twice: {pair.key}"
        kind = pair.value.WhichOneof("value")
        found[pair.key] = getattr(pair.value, kind)
    return found


def metric(metric):
    kind = metric.WhichOneof("data")
    data = getattr(metric, kind)
    described = {"name": metric.name, "unit": metric.unit, "help": metric.description, "kind": kind}
    if kind == "sum":
        described["monotonic"] = data.is_monotonic
        described["temporality"] = metrics_pb2.AggregationTemporality.Name(
            data.aggregation_temporality)
    described["points"] = [
        {
            "attributes": attributes(point.attributes),
            "value": repr(getattr(point, point.WhichOneof("value"))),
            "start": point.start_time_unix_nano,
            "time": point.time_unix_nano,
        }
        for point in data.data_points
    ]
    return described


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        request = service.ExportMetricsServiceRequest.FromString(body)
        with lock:
            answer = self.server.answers[0]
            if len(self.server.answers) > 1:
                self.server.answers.pop(0)
        seen = {
            "at": time.monotonic(),
            "answer": answer,
            "path": self.path,
            "bytes": len(body),
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "resources": [
                {
                    "attributes": attributes(one.resource.attributes),
                    "scopes": [
                        {
                            "name": scope.scope.name,
                            "version": scope.scope.version,
                            "metrics": [metric(each) for each in scope.metrics],
                        }
                        for scope in one.scope_metrics
                    ],
                }
                for one in request.resource_metrics
            ],
        }
        with lock:
            print(json.dumps(seen), flush=True)
        self.give(answer)

    def give(self, answer):
        self.close_connection = True
        if answer == "slow":
            # Until the client closes.
            self.rfile.read(1)
            return
        if answer == "garbage":
            self.wfile.write(b"SSH-2.0-nothing\r\n")
            return
        status, _, wait = answer.partition(":")
        status, _, rejected = status.partition("-")
        body = b""
        if rejected:
            response = service.ExportMetricsServiceResponse()
            response.partial_success.rejected_data_points = int(rejected)
            response.partial_success.error_message = "too many"
            body = response.SerializeToString()
        elif status != "200":
            # A google.rpc.Status: field 2 is its message.
            words = f"told {status}\x1b[31m".encode()
            body = bytes([0x08, 0x03, 0x12, len(words)]) + words
        self.send_response(int(status))
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", str(len(body)))
        if wait:
            self.send_header("Retry-After", wait)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        # A client that goes away is what some tests are about.
        kind = sys.exc_info()[0]
        if not issubclass(kind, OSError):
            super().handle_error(request, client_address)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--certificate")
    parser.add_argument("answers", nargs="+")
    options = parser.parse_args()
    server = Server(("127.0.0.1", options.port), Handler)
    server.answers = options.answers
    if options.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    # It ends with whoever has started it.
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    print(server.server_address[1], flush=True)
    server.serve_forever()


main()
