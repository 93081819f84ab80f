"""All there is of one record, put together."""

from collections.abc import Sequence

from lakehouse_tools.environment import Environment
from lakehouse_tools.stack import Stack
from lakehouse_tools.versions import marts, raw_table, reading, record_id
from lakehouse_tools.versions.model import RecordHistory


def look(
    environment: Environment,
    stack: Stack,
    *,
    object_name: str,
    record: str,
    fields: Sequence[str] = (),
) -> RecordHistory:
    """A record's history. ``fields``: API names; none means all of them.

    Raises RequestError for an object, an id or a field that raw does not have.
    """
    table = raw_table.find(environment, stack, object_name)
    record = record_id.whole(record)
    wanted = reading.chosen(table, fields)
    rows = reading.read(environment, stack, table, record=record, fields=wanted)
    if not rows:
        raise record_id.unknown(environment, stack, table, record)
    own, carriers = marts.follow(environment, stack, object_name=table.object, record=record)
    return RecordHistory(
        object=table.object,
        id=record,
        fields=wanted if fields else None,
        versions=reading.versions(
            rows,
            table,
            fields=wanted,
            snapshots=raw_table.snapshots_by_batch(environment, stack, table),
        ),
        own=own,
        carriers=carriers,
    )
