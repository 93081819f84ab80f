"""dbt's log lines, folded into the progress of its nodes.

dbt prints two lines for a node, with a time of day in front:

    12 of 40 START sql incremental model staging.stg_salesforce__accounts ...... [RUN]
    12 of 40 OK created sql incremental model staging.stg_salesforce__accounts . [OK in 3.21s]

and ``[FAIL 3 in 0.51s]`` for a test with three bad rows, ``[SKIP]`` for a node whose
parent failed. Colours are stripped.
"""

import re

from lakehouse_tools.colours import without_colours
from lakehouse_tools.executions.progress import BuildProgress, NodeProgress

_NODE = re.compile(r"(?P<index>\d+) of (?P<total>\d+) (?P<text>.+?)[ .]*\[(?P<result>[^\]]+)\]\s*$")
_RESULT = re.compile(r"(?P<detail>.+?)(?: in (?P<seconds>[0-9.]+)s)?$")
# What stands before the node's own description: "OK created", "PASS", "ERROR creating", …
_VERB = re.compile(
    r"^(?:START|OK|PASS|FAIL|WARN|ERROR|SKIP)(?: \d+)?"
    r"(?: (?:created|creating|loaded|loading|snapshotted|snapshotting|relation|due to fail))? "
)


def apply(build: BuildProgress, text: str) -> None:
    """Take one line of the build's log. Other lines change nothing."""
    found = _NODE.search(without_colours(text))
    if found is None:
        return
    index = int(found["index"])
    node = build.nodes.setdefault(
        index, NodeProgress(index=index, total=int(found["total"]), text="")
    )
    node.text = _VERB.sub("", found["text"]).strip()
    if found["result"] == "RUN":
        return
    result = _RESULT.fullmatch(found["result"])
    detail = result["detail"] if result else found["result"]
    # A model's result is its statement's: "OK", "SUCCESS 1", "INSERT 0 5".
    word = found["text"].split(" ", 1)[0]
    node.status = word if word in _STATUSES else detail.split(" ", 1)[0]
    node.detail = detail
    node.seconds = float(result["seconds"] or 0) if result else 0.0


_STATUSES = ("OK", "PASS", "FAIL", "WARN", "ERROR", "SKIP")
