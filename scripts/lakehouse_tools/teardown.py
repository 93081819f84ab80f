"""Stopping a local lakehouse, and removing its data when that is asked for."""

import shutil
from collections.abc import Callable

from lakehouse_local.home import Home


def take_down(home: Home, *, delete: bool, report: Callable[[str], None] = lambda _: None) -> None:
    """Stop the demo org and the local AWS with all their children.

    Stopping what does not run is no error; ``delete`` removes the instance's folder and
    nothing else.
    """
    from lakehouse_local import server
    from lakehouse_local.salesforce_org import lifecycle

    for what, stopped in (("demo org", lifecycle.stop(home)), ("local AWS", server.stop(home))):
        report(f"{'stopped' if stopped else 'did not run'}: {what} of port {home.port}")
    if delete and home.instance.exists():
        shutil.rmtree(home.instance)
        report(f"deleted: {home.instance}")
