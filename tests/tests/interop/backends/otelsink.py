"""The sinks of oteltest, on free ports of the loopback interface.

Prints `http PORT` and `grpc PORT`, then `pushed ` and a JSON object for each push.
"""

import io
import json
import logging
import sys
from http.server import HTTPServer

from google.protobuf.json_format import MessageToDict
from oteltest import sink


def say(what):
    print(what, flush=True)


class Handler(sink.RequestHandler):
    def __init__(self, protocol):
        self.protocol = protocol

    def handle_metrics(self, request, headers):
        headers = {str(name).lower(): str(value) for name, value in headers.items()}
        push = {"protocol": self.protocol, "headers": headers, "message": MessageToDict(request)}
        say("pushed " + json.dumps(push))

    def handle_logs(self, request, headers):
        raise AssertionError("nobody sends logs")

    def handle_trace(self, request, headers):
        raise AssertionError("nobody sends traces")


def answering_in_otlp(handler):
    """The sink answers with a page that says OK. A receiver of OTLP answers with an
    ExportMetricsServiceResponse, which is empty where all is well."""

    class Handler(handler):
        def send_header(self, name, value):
            media = name.lower() == "content-type"
            super().send_header(name, "application/x-protobuf" if media else value)

        def end_headers(self):
            super().end_headers()
            self.wfile = io.BytesIO()

    return Handler


class LoopbackHttp(HTTPServer):
    """The sink has no setting for an address."""

    def __init__(self, _address, handler):
        super().__init__(("127.0.0.1", 0), answering_in_otlp(handler))
        say(f"http {self.server_port}")


class LoopbackGrpc:
    """Likewise."""

    def __init__(self, grpc):
        self.make = grpc.server

    def server(self, pool):
        server = self.make(pool)
        bind = server.add_insecure_port
        server.add_insecure_port = lambda _: say(f"grpc {bind('127.0.0.1:0')}")
        return server


sink.HTTPServer = LoopbackHttp
sink.grpc = LoopbackGrpc(sink.grpc)
logger = logging.getLogger("otelsink")
if sys.argv[1] == "http":
    sink.HttpSink(Handler("http"), logger, daemon=False).start()
else:
    server = sink.GrpcSink(Handler("grpc"), logger)
    server.start()
    server.wait_for_termination()
