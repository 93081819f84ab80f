"""One page on 127.0.0.1, for as long as somebody looks."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def server(page: str, *, port: int = 0) -> ThreadingHTTPServer:
    """A server of that page, bound to 127.0.0.1; port 0 is any free one. Not yet serving."""
    body = page.encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """The page at /, and nothing else."""
            found = self.path.split("?")[0] in ("/", "/index.html")
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body) if found else 0))
            self.end_headers()
            if found:
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing of each request."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)
