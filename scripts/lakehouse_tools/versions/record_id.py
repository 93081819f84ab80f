"""The id that a person gives, and what to say of one that raw does not have."""

import re

from lakehouse_jobs.contract.raw_log import TableProperty
from lakehouse_jobs.salesforce.login import long_id
from lakehouse_tools import athena
from lakehouse_tools.environment import Environment
from lakehouse_tools.errors import RequestError
from lakehouse_tools.glue_tables import tables_of
from lakehouse_tools.stack import Stack
from lakehouse_tools.versions.raw_table import RawTable


def whole(text: str, *, command: str = "history") -> str:
    """The 18 characters of an id; 15 are completed. Raises RequestError for what is none.

    ``command``: the one that the id was given to.
    """
    if not re.fullmatch(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?", text):
        raise RequestError(
            f"{command}: got the id {text!r}; allowed: a Salesforce record id, 15 or 18 letters"
            " and digits, as it stands at the end of the record's address"
        )
    return long_id(text)


def unknown(
    environment: Environment,
    stack: Stack,
    table: RawTable,
    record: str,
    *,
    command: str = "history",
) -> RequestError:
    """Why raw has no version of this id; an id's first three characters tell its object."""
    prefixes = _prefixes(environment, stack)
    own = prefixes.get(table.object)
    if own is None:
        return RequestError(
            f"{command}: raw has no version of any {table.object} yet: bring some with"
            f" `lakehouse run{environment.option}`"
        )
    given = record[:3]
    if given == own:
        return RequestError(
            f"{command}: raw has no version of {table.object} {record}: Salesforce has not reported"
            " it to this lake (another org, no access, erased on request, or not yet read:"
            f" `lakehouse status{environment.option}` says up to when raw reaches)"
        )
    other = next((name for name, prefix in prefixes.items() if prefix == given), None)
    ask = f": ask `lakehouse {command}{environment.option} {other} {record}`" if other else ""
    return RequestError(
        f"{command}: {record} is no {table.object}: its id would begin with {own}, and {given} are"
        f" the ids of {other or 'an object that raw does not have'}{ask}"
    )


def _prefixes(environment: Environment, stack: Stack) -> dict[str, str]:
    """Object → how its ids begin, by one row of each that has any."""
    names = {
        table["Name"]: table.get("Parameters", {}).get(TableProperty.OBJECT, table["Name"])
        for table in tables_of(environment, stack.raw_database)
        if not table["Name"].startswith("_")
    }

    def place(name: str) -> str:
        return f'"{stack.raw_database}"."{name}"'

    sql = " union all ".join(
        f"""(select '{name}' as "name", substr(id, 1, 3) as "prefix" from {place(name)} limit 1)"""  # noqa: S608
        for name in names
    )
    found = athena.query(environment, stack, sql, database=stack.raw_database)
    return {names[row["name"]]: row["prefix"] for row in found.typed()}
