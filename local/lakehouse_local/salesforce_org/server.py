"""The HTTP server of the demo org: routes and start-up. Binds to 127.0.0.1 only."""

import json
import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from lakehouse_local.loopback import HOST, listen
from lakehouse_local.salesforce_org import control_routes as control
from lakehouse_local.salesforce_org import edit_routes as edit
from lakehouse_local.salesforce_org import oauth
from lakehouse_local.salesforce_org import record_routes as record
from lakehouse_local.salesforce_org import rest_routes as rest
from lakehouse_local.salesforce_org.answers import ApiError, not_found
from lakehouse_local.salesforce_org.bulk_routes import BulkRoutes
from lakehouse_local.salesforce_org.envelope import CONTROL, DATA, Envelope
from lakehouse_local.salesforce_org.org import Org, open_org
from lakehouse_local.salesforce_org.query_routes import Queries
from lakehouse_local.salesforce_org.settings import Birth

Handler = Callable[[Org, Request, bytes], Response]


class Application:
    """The ASGI application of one org. Close it to end its background jobs."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self._bulk = BulkRoutes(org)
        inner = Starlette(routes=self._routes())
        inner.router.redirect_slashes = False
        self.asgi: ASGIApp = Envelope(inner, org)

    def close(self) -> None:
        """End the background jobs and close the data."""
        self._bulk.jobs.close()
        self.org.close()

    def _routes(self) -> list[BaseRoute]:
        queries, bulk = Queries(), self._bulk
        version, job = DATA + "/v{version}", DATA + "/v{version}/jobs/query/{job}"
        return [
            self._route("POST", "/services/oauth2/token", oauth.token),
            self._route("GET", "/services/oauth2/userinfo", oauth.userinfo),
            self._route("GET", DATA, rest.versions),
            self._route("GET", version, rest.resources),
            self._route("GET", version + "/limits", rest.limits),
            self._route("GET", version + "/limits/recordCount", rest.record_count),
            self._route("GET", version + "/sobjects", rest.describe_global),
            self._route("GET", version + "/sobjects/{name}/describe", rest.describe),
            self._route("GET", version + "/sobjects/{name}/deleted", rest.deleted),
            self._route("POST", version + "/sobjects/{name}", record.create),
            self._route("GET", version + "/sobjects/{name}/{id}", record.get),
            self._route("PATCH", version + "/sobjects/{name}/{id}", record.update),
            self._route("DELETE", version + "/sobjects/{name}/{id}", record.delete),
            self._route("GET", version + "/query", queries.query),
            self._route("GET", version + "/queryAll", queries.query_all),
            self._route("GET", version + "/query/{locator}", queries.more),
            self._route("GET", version + "/queryAll/{locator}", queries.more),
            self._route("POST", version + "/jobs/query", bulk.create),
            self._route("GET", version + "/jobs/query", bulk.list),
            self._route("GET", job, bulk.get),
            self._route("PATCH", job, bulk.abort),
            self._route("DELETE", job, bulk.delete),
            self._route("GET", job + "/results", bulk.results),
            self._route("GET", job + "/resultPages", bulk.result_pages),
            self._route("GET", job + "/resultpages", bulk.result_pages),
            self._route("GET", CONTROL + "/status", control.status),
            self._route("GET,POST", CONTROL + "/clock", control.clock),
            self._route("POST", CONTROL + "/change", control.change),
            self._route("POST", CONTROL + "/records", edit.edit_records),
            self._route("POST", CONTROL + "/fields", edit.edit_field),
            self._route("GET", CONTROL + "/versions", control.versions),
            self._route("GET,POST,DELETE", CONTROL + "/moods", control.moods),
            self._route("GET,POST", CONTROL + "/behaviour", control.behaviour),
            self._route("GET,POST", CONTROL + "/jobs", bulk.control),
            self._route("DELETE", CONTROL + "/tokens", control.revoke_tokens),
            self._route("POST", CONTROL + "/client", control.client),
            Route("/{path:path}", self._endpoint(_nothing)),
        ]

    def _route(self, methods: str, path: str, handler: Handler) -> Route:
        return Route(path, self._endpoint(handler), methods=methods.split(","))

    def _endpoint(self, handler: Handler) -> Callable[[Request], object]:
        async def endpoint(request: Request) -> Response:
            body = await request.body()
            try:
                if request.url.path.startswith(CONTROL):
                    control.refuse_browsers(request)
                return await run_in_threadpool(handler, self.org, request, body)
            except ApiError as error:
                return error.response()

        return endpoint


def _nothing(_org: Org, _request: Request, _body: bytes) -> Response:
    raise not_found()


def make_server(application: Application) -> uvicorn.Server:
    """A server for an application, without header fields of its own."""
    config = uvicorn.Config(
        application.asgi,
        lifespan="off",
        log_config=None,
        access_log=False,
        date_header=False,
        server_header=False,
        # Beyond every limit of the org, so that it is the org that refuses.
        h11_max_incomplete_event_size=1 << 20,
        timeout_graceful_shutdown=2,
    )
    return uvicorn.Server(config)


def serve(folder: Path, *, port: int, birth: Birth | None = None) -> None:
    """Serve the org in a folder until a signal. One JSON line on stdout tells the address."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    listener = listen(port)
    application = Application(open_org(folder, birth))
    url = f"http://{HOST}:{listener.getsockname()[1]}"
    print(json.dumps({"url": url, "org_id": application.org.id}), flush=True)
    # uvicorn raises the signal again when it is done; the data are closed before we go.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        make_server(application).run(sockets=[listener])
    except KeyboardInterrupt:
        pass
    finally:
        application.close()


@contextmanager
def serving(org: Org, *, port: int = 0) -> Iterator[str]:
    """Serve an org from a thread of this process, for tests; gives its address."""
    listener = listen(port)
    application = Application(org)
    server = make_server(application)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.005)
        yield f"http://{HOST}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        application.close()
