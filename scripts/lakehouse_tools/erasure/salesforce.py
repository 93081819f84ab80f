"""Whether Salesforce still has the records: then a later run would bring them back.

A record that lives comes with its next change, and with each `reconcile` or `full`, which look for
what raw lacks. One in the recycle bin comes with those two as well, since they ask with deleted
records. One that is gone from there comes no more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from botocore.exceptions import ClientError

from lakehouse_jobs.errors import SalesforceError, SecretError
from lakehouse_jobs.salesforce import Org, read_secret
from lakehouse_tools import secret
from lakehouse_tools.configured import deployed_config
from lakehouse_tools.discover.access import open_org
from lakehouse_tools.environment import Environment, is_denied
from lakehouse_tools.erasure.model import Asked
from lakehouse_tools.errors import RequestError
from lakehouse_tools.stack import Stack

_AT_ONCE: Final = 200  # ids of a query, which stands in an address
_TOLD: Final = 3


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The records that are there still, as ``Contact 003…``."""

    living: tuple[str, ...] = ()
    in_bin: tuple[str, ...] = ()
    unasked: str | None = None  # why nothing is known

    @property
    def warning(self) -> str | None:
        """One sentence on what may come back; None where nothing can."""
        if self.unasked:
            return f"Salesforce could not be asked whether it still has them ({self.unasked})"
        if self.living:
            return f"Salesforce still has {_some(self.living)}"
        if self.in_bin:
            return f"Salesforce's recycle bin still has {_some(self.in_bin)}"
        return None

    def require_gone(self) -> None:
        """Raise RequestError where a later run may bring a record back."""
        if self.warning:
            raise RequestError(
                f"erase: {self.warning}: a later run would bring back what is there; delete it"
                " in Salesforce, empty the recycle bin, then erase, or erase all the same with"
                " --allow-return"
            )


def look(environment: Environment, stack: Stack, asked: Sequence[Asked]) -> Standing:
    """Ask the org for each record, deleted ones included. It only reads."""
    living: list[str] = []
    in_bin: list[str] = []
    try:
        config = deployed_config(environment, stack)
        text = secret.read(environment, stack)
        credentials = read_secret(text, name=stack.salesforce_secret_arn)
        org = open_org(credentials, api_version=config.api_version)
        for one in asked:
            for record, deleted in _there(org, one):
                (in_bin if deleted else living).append(f"{one.object} {record}")
    except (SalesforceError, SecretError) as error:
        return Standing(unasked=str(error))
    except ClientError as error:
        if not is_denied(error):
            raise
        return Standing(unasked=f"these credentials may not: {error.operation_name}")
    return Standing(living=tuple(living), in_bin=tuple(in_bin))


def _there(org: Org, asked: Asked) -> Iterator[tuple[str, bool]]:
    """The ids that the org has, and whether each is deleted."""
    description = org.describe(asked.object)
    can_be = description.has("IsDeleted")
    columns = "Id, IsDeleted" if can_be else "Id"
    for start in range(0, len(asked.ids), _AT_ONCE):
        wanted = ", ".join(f"'{record}'" for record in asked.ids[start : start + _AT_ONCE])
        soql = f"SELECT {columns} FROM {description.name} WHERE Id IN ({wanted})"  # noqa: S608
        for row in org.query(soql):
            yield row["Id"], can_be and bool(row["IsDeleted"])


def _some(names: Sequence[str]) -> str:
    more = len(names) - _TOLD
    return ", ".join(names[:_TOLD]) + (f" and {more:,} more" if more > 0 else "")
