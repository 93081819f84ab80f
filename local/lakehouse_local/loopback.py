"""What stays on this machine: its own address, the ports there, requests to its servers."""

import socket
import urllib.request
from http.client import HTTPResponse
from typing import Final, cast

HOST: Final = "127.0.0.1"
# urllib would send what is for this machine to the user's proxy, unless NO_PROXY names it.
_OPENER: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def ask(request: str | urllib.request.Request, *, timeout: float) -> HTTPResponse:
    """The answer of a server here, within ``timeout`` seconds; raises as ``urlopen`` does."""
    return cast(HTTPResponse, _OPENER.open(request, timeout=timeout))


def listen(port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises OSError where the port is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        # At once: two sockets that are bound and do not listen may share a port.
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def is_free(port: int) -> bool:
    """Whether a port can be listened on."""
    try:
        listen(port).close()
    except OSError:
        return False
    return True
