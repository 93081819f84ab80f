"""How many records Salesforce has, of those that raw can know: a number, or a bracket.

Salesforce cannot be asked how it was at the watermark. But a record that has not changed since
then was there then, and only one that has may have come, gone or come back: so raw's number lies
between the first and the sum of both, whatever goes on in the org meanwhile.
"""

from dataclasses import dataclass

from lakehouse_jobs.extract.window import literal
from lakehouse_jobs.salesforce import Description, Org
from lakehouse_tools.comparison.checks import Check, judged
from lakehouse_tools.validation.raw import RawTable


@dataclass(frozen=True, kw_only=True)
class Bracket:
    """How many records raw may hold. ``changed``: since the watermark, deleted ones included."""

    unchanged: int
    changed: int

    @property
    def most(self) -> int:
        """All that may have been there at the watermark."""
        return self.unchanged + self.changed


def living(description: Description) -> str:
    """For a WHERE of queryAll, as ``query`` would leave out the archived activities too."""
    return " AND IsDeleted = false" if description.has("IsDeleted") else ""


def bracket(org: Org, description: Description, table: RawTable) -> Bracket:
    """Ask the org for both numbers, in two calls."""
    name, stamp = description.name, description.stamp_field
    at = literal(table.watermark)
    born = f" AND CreatedDate < {at}" if description.has("CreatedDate") else ""
    count = f"SELECT COUNT() FROM {name} WHERE {stamp}"  # noqa: S608 - names of describe
    # The changed ones first: what changes between the two calls leaves the second alone.
    changed = org.rest.first(f"{count} >= {at}{born}", deleted=True).total
    unchanged = org.rest.first(f"{count} < {at}{living(description)}", deleted=True).total
    again = org.rest.first(f"{count} >= {at}{born}", deleted=True).total
    return Bracket(unchanged=unchanged, changed=max(changed, again))


def count_check(records: int, found: Bracket, table: RawTable) -> Check:
    """Whether raw's number lies in the bracket."""
    until = f"{table.watermark:%Y-%m-%d %H:%M:%S} UTC"
    told = f"raw {records:,}; Salesforce {found.unchanged:,} not changed since {until}"
    if found.changed:
        told += f" and {found.changed:,} changed: {found.unchanged:,} to {found.most:,}"
    more = records > found.most
    return Check(
        table=table.name,
        name="record counts",
        status=judged(not found.unchanged <= records <= found.most),
        figure=told,
        limit="as many as Salesforce",
        text="raw has records that are gone: `lakehouse run --mode reconcile` finds hard deletes"
        if more
        else "raw lacks records: `lakehouse run --mode reconcile` fetches them",
    )
