"""A proxy before the local AWS that loses what it is told to lose."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

APPLIED = "the change is made, the answer is cut"
DROPPED = "the request is cut"
BUSY = "the request is refused, as there are too many"


class Proxy:
    """What befalls the next changes of a table; all else passes."""

    def __init__(self, endpoint: str) -> None:
        self.upstream = urlsplit(endpoint).netloc
        self.moods: list[str] = []
        self.met = 0
        self.lock = threading.Lock()
        self.address = ""

    def next_mood(self, target: str) -> str | None:
        with self.lock:
            if not target.endswith(".UpdateTable") or not self.moods:
                return None
            self.met += 1
            return self.moods.pop(0)


class _Handler(BaseHTTPRequestHandler):
    proxy: Proxy
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        mood = self.proxy.next_mood(self.headers.get("X-Amz-Target", ""))
        if mood == BUSY:
            refusal = b'{"__type": "ThrottlingException", "Message": "Rate exceeded"}'
            return self._answer(400, "application/x-amz-json-1.1", refusal)
        if mood == DROPPED:
            return self._cut()
        upstream = http.client.HTTPConnection(self.proxy.upstream, timeout=30)
        upstream.request("POST", self.path, body, dict(self.headers))
        answer = upstream.getresponse()
        content = answer.read()
        upstream.close()
        if mood == APPLIED:
            assert answer.status == 200, content
            return self._cut()
        return self._answer(answer.status, answer.getheader("Content-Type", ""), content)

    def _answer(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.close()


@contextmanager
def proxying(endpoint: str) -> Iterator[Proxy]:
    """A proxy on a port of its own."""
    proxy = Proxy(endpoint)
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), type("ProxyHandler", (_Handler,), {"proxy": proxy})
    )
    server.daemon_threads = True
    proxy.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
