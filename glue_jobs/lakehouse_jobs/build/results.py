"""dbt's ``run_results.json`` as a :class:`BuildOutcome`.

The file: docs.getdbt.com/reference/artifacts/run-results-json.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lakehouse_jobs.contract.runs import BuildFailure, BuildOutcome

_BAD = frozenset({"error", "fail", "runtime error", "partial success"})
_NAMED_IN_CAUSE = 3
_LONGEST = 300

# dbt-glue puts the whole statement before what Spark said: "… code <code>), Name: text".
_SPARK_ERROR = re.compile(r"\), (?P<name>[A-Z]\w*): (?P<text>.+)", re.DOTALL)
_GLUE_WORDS = "Glue cursor returned"
# Python's bridge to Java puts its own words before Java's: ": <class>: <message>".
_BRIDGE = re.compile(r"An error occurred while calling .*?\n: (?:[\w$]+\.)*", re.DOTALL)


def outcome(
    results: Iterable[Mapping[str, Any]],
    *,
    succeeded: bool,
    excluded: Sequence[str],
    stale: Sequence[str] = (),
    seconds: float,
) -> BuildOutcome:
    """The build's outcome from the nodes' results. ``stale``: see :mod:`.freshness`."""
    results = list(results)
    failures = [_failure(result) for result in results if result["status"] in _BAD]
    good = succeeded and not failures
    return BuildOutcome(
        status="succeeded" if good else "failed",
        cause=None if good else cause(failures),
        counts=dict(Counter(str(result["status"]) for result in results)),
        failures=failures,
        warnings=[
            *stale,
            *(_told(_failure(result)) for result in results if result["status"] == "warn"),
        ],
        excluded=list(excluded),
        seconds=round(seconds, 1),
    )


def broken_off(message: str, *, excluded: Sequence[str], seconds: float) -> BuildOutcome:
    """The outcome of a build that did not come to its first node."""
    return BuildOutcome(
        status="failed",
        cause=first_line(message),
        counts={},
        failures=[],
        warnings=[],
        excluded=list(excluded),
        seconds=round(seconds, 1),
    )


def cause(failures: Sequence[BuildFailure]) -> str:
    """What failed, in a sentence: ``test unbroken_history_dim_account: 3 rows; …``."""
    if not failures:
        return "dbt reported a failure without naming a node; see the build's log"
    named = "; ".join(_told(failure) for failure in failures[:_NAMED_IN_CAUSE])
    more = len(failures) - _NAMED_IN_CAUSE
    return f"{named}; and {more} more" if more > 0 else named


def first_line(message: str) -> str:
    """The line of a dbt or Spark message that says what is wrong."""
    text = message
    name = ""
    if _GLUE_WORDS in message:
        found = _SPARK_ERROR.search(message)
        if found:
            name, text = f"{found['name']}: ", found["text"]
            bridge = _BRIDGE.match(text)
            if bridge:
                name, text = "", text[bridge.end() :]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    # dbt's own errors begin with a heading such as "Database Error in model x (path)".
    if _GLUE_WORDS not in message and len(lines) > 1 and re.match(r"\w+ Error( in |$)", lines[0]):
        lines = lines[1:]
    line = f"{name}{lines[0]}" if lines else "no message"
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _failure(result: Mapping[str, Any]) -> BuildFailure:
    node = str(result["unique_id"])
    kind, _, name, *_ = [*node.split("."), "", ""]
    return BuildFailure(
        node=node,
        name=name,
        kind=kind,
        message=first_line(result.get("message") or ""),
        failures=result.get("failures"),
    )


def _told(failure: BuildFailure) -> str:
    rows = failure["failures"]
    if failure["kind"] == "test" and rows:
        return f"test {failure['name']}: {rows} {'row' if rows == 1 else 'rows'}"
    return f"{failure['kind']} {failure['name']}: {failure['message']}"
