"""Values that their column could not hold: kept as text, beside the rows they came with."""

from typing import NamedTuple


class Rejected(NamedTuple):
    """One value. The row it belongs to has null in its place."""

    id: str  # of the record
    stamp: str  # its systemmodstamp, ISO 8601
    field: str  # API name
    value: str  # as Salesforce sent it
    reason: str  # one sentence
