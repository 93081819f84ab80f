"""The demo org as the source of a local lakehouse."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from lakehouse_local.home import Home
from lakehouse_tools import secret
from lakehouse_tools.environment import Environment
from lakehouse_tools.errors import RequestError
from lakehouse_tools.stack import Stack

if TYPE_CHECKING:
    from lakehouse_local.salesforce_org.lifecycle import OrgDetails


def start(
    home: Home, *, records: int | None, say: Callable[[str], None] = lambda _: None
) -> "OrgDetails":
    """Start it; ``records`` counts only when its data is made, and ``say`` tells so."""
    from lakehouse_local.salesforce_org import lifecycle

    kept = lifecycle.kept_records(home)
    if kept is not None and records not in (None, kept):
        say(
            f"--records {records} is not used: the demo org was made with {kept:,} records;"
            " `lakehouse down --delete` makes room for a new one"
        )
    return lifecycle.start(home) if records is None else lifecycle.start(home, records=records)


def fill_secret(environment: Environment, stack: Stack, details: "OrgDetails") -> None:
    """Put the demo org's credentials into the secret, unless another org's are in it."""
    present = secret.filled_for(environment, stack)
    if present not in (None, details.url):
        raise RequestError(
            f"the local secret is filled for {present}, not for the demo org: give the demo a"
            " lakehouse of its own with LAKEHOUSE_LOCAL_PORT=4567, or start over with"
            " `lakehouse down --delete`"
        )
    values = {
        "instance_url": details.url,
        "client_id": details.client_id,
        "client_secret": details.client_secret,
    }
    secret.put(environment, stack, values)
