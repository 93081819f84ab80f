"""Which columns a build's Spark read from how many rows, by Spark's own event log.

Bytes do not say it: Iceberg opens a file up to its end and hangs up when it has what it wants, and
S3 has answered more by then.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

# In one expression: a statement's names stay in the session, where the build's own code runs.
LISTEN = """(lambda jvm, context: (lambda listener: (
    spark.conf.set('spark.sql.debug.maxToStringFields', 1000),
    listener.start(),
    context.addSparkListener(listener),
))(jvm.org.apache.spark.scheduler.EventLoggingListener(
    'bench', jvm.scala.Option.empty(), jvm.java.net.URI('file://{folder}'), context.getConf()
)))(spark._jvm, spark.sparkContext._jsc.sc())"""
SCAN = re.compile(r"BatchScan glue_catalog\.\w+?_(?P<table>\w+\.\w+)\[(?P<columns>[^\]]*)\]")


@dataclass(frozen=True)
class Scan:
    """One read of a table: `rows` is how many left it, of the files and row groups not left out."""

    table: str  # layer.name
    columns: tuple[str, ...]
    rows: int


def scans(log: Iterable[str]) -> Iterator[Scan]:
    """Each scan of an Iceberg table in the lines of an event log."""
    rows = defaultdict[int, int](int)
    found: dict[int, tuple[str, tuple[str, ...]]] = {}
    for line in log:
        event = json.loads(line)
        for each in event.get("Stage Info", {}).get("Accumulables", ()):
            if each["Name"] == "number of output rows":
                rows[each["ID"]] = max(rows[each["ID"]], int(each["Value"]))
        for node in _nodes(event.get("sparkPlanInfo")):
            if scan := SCAN.match(node["simpleString"]):
                columns = [c.partition("#")[0].strip() for c in scan["columns"].split(",")]
                for metric in node["metrics"]:
                    if metric["name"] == "number of output rows":
                        found[metric["accumulatorId"]] = (scan["table"], tuple(columns))
    for metric, (table, read) in found.items():
        yield Scan(table, read, rows[metric])


def _nodes(plan: Any) -> Iterator[Any]:
    if plan:
        yield plan
        for child in plan["children"]:
            yield from _nodes(child)
