#!/usr/bin/env python3
"""Stands in for the program under test: takes POSTs of JSON, appends one line per record, answers 204.

Each line is {"received_at": epoch s, "path": ..., "headers": {...} (first POST only), "record": {...}}; --bare writes
the record alone. Faults, counted in seconds from the first POST: --down AT:FOR stops listening and drops connections,
--fail AT:FOR answers 503, --slow AT:FOR:DELAY answers DELAY seconds late (the record is written BEFORE the delay: a
client that gives up and tries again delivers twice, as with any at-least-once sender).
"""

import argparse
import json
import pathlib
import signal
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Sink(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, options):
        self.options, self.started = options, None
        self.lock, self.out, self.posts = threading.Lock(), options.out.open("a", buffering=1), 0
        super().__init__(("127.0.0.1", options.port), Handler)

    def since_first(self):
        with self.lock:
            if self.started is None:
                self.started = time.monotonic()
        return time.monotonic() - self.started

    def inside(self, window):
        return window is not None and window[0] <= self.since_first() < window[0] + window[1]

    def write(self, lines):
        with self.lock:
            self.out.write(lines)
            self.out.flush()
            self.posts += 1


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        sink, body = self.server, self.rfile.read(int(self.headers.get("Content-Length", 0)))
        arrived, age = time.time(), sink.since_first()
        if sink.inside(sink.options.down):
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return None
        if sink.inside(sink.options.fail):
            return self.answer(503, "sink is told to fail")
        try:
            sent = json.loads(body)
        except ValueError as error:
            return self.answer(400, str(error))
        records = sent if isinstance(sent, list) else [sent]
        sink.write("".join(self.line(record, arrived, age) for record in records))
        if sink.inside(sink.options.slow):
            time.sleep(sink.options.slow[2])
        return self.answer(204)

    def line(self, record, arrived, age):
        if self.server.options.bare:
            return json.dumps(record) + "\n"
        kept = {"received_at": round(arrived, 6), "path": self.path, "record": record}
        if self.server.posts == 0:
            kept["headers"] = dict(self.headers)
        return json.dumps(kept) + "\n"

    def answer(self, status, text=""):
        body = text.encode()
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        if status == 503:
            self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def window(parts):
    def parse(text):
        numbers = tuple(float(n) for n in text.split(":"))
        if len(numbers) != parts:
            raise argparse.ArgumentTypeError(f"{parts} numbers with colons expected")
        return numbers

    return parse


def serve_with_outage(sink):
    """Closes the listening socket for the outage and opens it again: refused, as when the program is down."""
    at, length = sink.options.down
    while sink.started is None or time.monotonic() - sink.started < at:
        time.sleep(0.02)
    sink.shutdown()
    sink.socket.close()
    time.sleep(length)
    sink.socket = socket.socket(sink.address_family, sink.socket_type)
    sink.server_bind()
    sink.server_activate()
    sink.serve_forever(0.05)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--bare", action="store_true")
    parser.add_argument("--down", type=window(2))
    parser.add_argument("--fail", type=window(2))
    parser.add_argument("--slow", type=window(3))
    sink = Sink(parser.parse_args())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if sink.options.down:
        threading.Thread(target=serve_with_outage, args=(sink,), daemon=True).start()
        sink.serve_forever(0.05)
        while True:
            time.sleep(1)
    sink.serve_forever(0.05)


if __name__ == "__main__":
    main()
