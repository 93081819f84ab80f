"""What dbt asks Glue for by the profile, seen on the wire."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest


class Glue(ThreadingHTTPServer):
    """Keeps the sessions that are asked for, and has none to give."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Refusal)
        self.asked: list[dict[str, Any]] = []


class _Refusal(BaseHTTPRequestHandler):
    server: Glue

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["X-Amz-Target"] == "AWSGlue.CreateSession":
            self.server.asked.append(body)
        answer = json.dumps({"__type": "EntityNotFoundException", "Message": "none"}).encode()
        self.send_response(400)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def glue() -> Iterator[Glue]:
    server = Glue()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("set_to", "minutes"), [("245", 245), (None, 2880)])
def test_a_session_lives_as_long_as_its_build_may_take(
    dbt: Callable[..., Any], project: Path, glue: Glue, set_to: str | None, minutes: int
) -> None:
    """dbt-glue gives it the profile's query time-out for its whole life."""
    given = {} if set_to is None else {"DBT_SESSION_TIMEOUT_MINUTES": set_to}
    address = f"http://127.0.0.1:{glue.server_port}"
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}

    done = dbt("dbt", "debug", folder=project, env=keys | given | {"AWS_ENDPOINT_URL": address})

    assert [session["Timeout"] for session in glue.asked] == [minutes], done.stdout
