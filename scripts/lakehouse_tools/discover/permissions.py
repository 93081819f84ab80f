"""What the org's permissions tell: objects that can be granted, fields that stay hidden.

A field hidden from the user is in no describe. But it is in FieldPermissions, once any
profile or permission set lets anybody read it. Both objects need the permission View Setup
and Configuration (API v49 and later): without it nothing is known, which is said.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import quote

from lakehouse_jobs.errors import AnswerRefusedError, SalesforceError
from lakehouse_jobs.salesforce import Org

NEEDED: Final = "View Setup and Configuration"
# A query with GROUP BY gives at most 2,000 rows, one for each field.
_FIELDS_AT_ONCE: Final = 800
_MOST_ROWS: Final = 2_000


def grantable_objects(org: Org, base: str) -> frozenset[str] | None:
    """Objects that a permission set of this org can name; None where it does not tell."""
    try:
        answer = org.transport.json("GET", f"{base}/sobjects/ObjectPermissions/describe")
    except AnswerRefusedError:
        return None
    for field in (answer or {}).get("fields", []):
        if field.get("name") == "SobjectType":
            return frozenset(str(v["value"]) for v in field.get("picklistValues") or []) or None
    return None


def chunks(visible: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """Objects (with their visible fields) whose hidden ones fit into one answer."""
    chunk: list[str] = []
    fields = 0
    for name, names in visible.items():
        if chunk and fields + len(names) > _FIELDS_AT_ONCE:
            yield chunk
            chunk, fields = [], 0
        chunk.append(name)
        fields += len(names)
    if chunk:
        yield chunk


def hidden_fields(
    org: Org, base: str, objects: Sequence[str], visible: Mapping[str, Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    """The hidden fields of objects that this is known of, by object. No error is raised."""
    listed = ", ".join(f"'{name}'" for name in objects)
    soql = (
        "SELECT SobjectType, Field FROM FieldPermissions WHERE PermissionsRead = true "  # noqa: S608
        f"AND SobjectType IN ({listed}) GROUP BY SobjectType, Field"
    )
    try:
        answer = org.transport.json("GET", f"{base}/query?q={quote(soql)}") or {}
    except SalesforceError:
        return {}
    records = answer.get("records") or []
    # Nobody may read anything: it is this user who may not see FieldPermissions.
    if not records or len(records) >= _MOST_ROWS:
        return {}
    return {name: _hidden(name, records, visible[name]) for name in objects}


def _hidden(
    name: str, records: Iterable[Mapping[str, str]], visible: Sequence[str]
) -> tuple[str, ...]:
    known = {field.lower() for field in visible}
    found = (str(r["Field"]).partition(".")[2] for r in records if r["SobjectType"] == name)
    return tuple(sorted({field for field in found if field.lower() not in known}))
