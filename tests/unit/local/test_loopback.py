import socket
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from lakehouse_local import loopback


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_no_proxy_of_the_user_s_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with HTTPServer((loopback.HOST, 0), Answers) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        monkeypatch.setenv("http_proxy", f"http://{loopback.HOST}:9")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert urllib.request.getproxies()["http"].endswith(":9")
        with loopback.ask(f"http://{loopback.HOST}:{server.server_port}/", timeout=10) as answer:
            assert answer.status == 204


def test_a_port_is_free_unless_somebody_listens() -> None:
    with socket.create_server((loopback.HOST, 0)) as server:
        port = server.getsockname()[1]
        assert not loopback.is_free(port)
    assert loopback.is_free(port)
