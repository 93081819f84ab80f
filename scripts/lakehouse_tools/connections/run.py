"""All checks, cheapest first; one that fails does not stop the others."""

from collections.abc import Collection, Iterator
from typing import Final

from lakehouse_tools.checks import Check, Secrets, attempt
from lakehouse_tools.connections import dbt, salesforce
from lakehouse_tools.connections.services import attempts
from lakehouse_tools.environment import Environment
from lakehouse_tools.stack import Stack

# What --skip takes; the checks of the org are one kind.
KINDS: Final = ("s3", "kms", "catalog", "athena", "secret", "salesforce", "dbt")


def check_all(
    environment: Environment, stack: Stack, *, skip: Collection[str] = ()
) -> Iterator[Check]:
    """One check after the other. ``skip``: of :data:`KINDS`."""
    secrets = Secrets()
    for name, tried, remedy in attempts(environment, stack):
        if name.lower() not in skip:
            yield attempt(name, environment, secrets, tried, remedy=remedy)
    if "salesforce" not in skip:
        yield from salesforce.check(environment, stack, secrets)
    if "dbt" not in skip:
        yield attempt("dbt", environment, secrets, lambda: dbt.debug(environment, stack))
