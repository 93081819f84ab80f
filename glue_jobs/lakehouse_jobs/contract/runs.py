"""What a run leaves under ``runs/<execution name>/`` in the lake bucket.

``<object>.json`` is one object's outcome, ``_<group>.json`` the summary of one Glue
run, which the state machine reads, ``_dbt.json`` the result of the dbt build,
``_comparison.json`` that of the comparison with an old system. Names of Salesforce
objects never begin with an underscore. ``runs/_built.json`` says up to
which batch the last successful builds have read each raw table, ``runs/_tested.json``
up to which one data tests have passed, ``runs/_upkeep.json`` when the tables that dbt
makes were last kept. ``runs/_erasures/`` has a note for each erasure of records.
"""

from enum import StrEnum
from typing import Final, Literal, TypedDict

from lakehouse_jobs.contract.arguments import Mode

RUNS_PREFIX: Final = "runs/"
LOADS_PREFIX: Final = "loads/"
REPORTS_PREFIX: Final = "reports/"
ATHENA_PREFIX: Final = "athena/"
TEMPORARY_PREFIX: Final = "tmp/"

# Prefixes whose objects expire; every other key of the lake bucket is kept.
EXPIRING_PREFIXES: Final = (REPORTS_PREFIX, ATHENA_PREFIX, LOADS_PREFIX, TEMPORARY_PREFIX)


# {"<raw table>": <batch>}: written by a dbt build that succeeded, for each source that it
# read; read by the job, which reports the objects whose table is ahead of it.
BUILT_KEY: Final = f"{RUNS_PREFIX}_built.json"
# Written and read by dbt builds alone (lakehouse_jobs.build.tested).
TESTED_KEY: Final = f"{RUNS_PREFIX}_tested.json"
# The same (lakehouse_jobs.build.upkeep).
UPKEEP_KEY: Final = f"{RUNS_PREFIX}_upkeep.json"
# Written and read by `lakehouse erase` alone.
ERASURES_PREFIX: Final = f"{RUNS_PREFIX}_erasures/"


def object_outcome_key(execution_name: str, object_name: str) -> str:
    """Key of one object's outcome."""
    return f"{RUNS_PREFIX}{execution_name}/{object_name}.json"


def group_outcome_key(execution_name: str, group: str) -> str:
    """Key of one Glue run's summary."""
    return f"{RUNS_PREFIX}{execution_name}/_{group}.json"


def build_outcome_key(execution_name: str) -> str:
    """Key of the dbt build's result."""
    return f"{RUNS_PREFIX}{execution_name}/_dbt.json"


def comparison_outcome_key(execution_name: str) -> str:
    """Key of the comparison's result; its report for people lies beside it, as ``.html``."""
    return f"{RUNS_PREFIX}{execution_name}/_comparison.json"


class Status(StrEnum):
    """How the extraction of one object ended."""

    LANDED = "landed"  # rows were committed
    UNCHANGED = "unchanged"  # nothing new in the window; at most the watermark moved
    SKIPPED = "skipped"  # another run is reading this object
    SUPERSEDED = "superseded"  # another run committed first; this run's files were discarded
    FAILED = "failed"


class ApiUse(TypedDict):
    """The org's use of its daily API requests, by everybody, as its answers tell it."""

    used: int
    limit: int


class Blocked(TypedDict):
    """What ``schema_changes`` kept out of raw."""

    what: str  # a field's API name, or the object's own
    message: str  # one sentence: what changed
    accept: str  # the line of salesforce_objects.json that lets it in


class ObjectOutcome(TypedDict):
    """One object's outcome. Times are ISO 8601 UTC, null where they do not apply."""

    object: str
    group: str
    status: str  # a Status
    message: str | None  # one sentence for a person; null unless something is worth saying
    error: str | None  # class name from lakehouse_jobs.errors
    mode: str  # a Mode
    rows: int  # written, tombstones included
    read: int  # rows that Salesforce sent
    tombstones: int  # records found to be gone without a trace (hard deletes)
    rejected: int  # values kept as text in the table of rejected values
    bytes: int  # of Parquet
    pages: int
    requests: int  # calls to Salesforce
    retries: int  # of them, calls made again after a failure
    api_before: ApiUse | None
    api_after: ApiUse | None
    batch: int | None
    watermark_before: str | None
    watermark_after: str | None
    schema_changes: list[str]  # a sentence each
    left_out: list[str]  # fields not read, with the reason
    blocked: list[Blocked]  # what waits for a person
    unfilled: dict[str, int | None]  # column -> records that still lack it, null: not counted
    resumed: bool  # whether it went on with the load of a run that died
    api: Literal["bulk", "rest"] | None
    seconds: float
    phases: dict[str, float]  # seconds of describe, query, read, compare, commit, maintain …


def blank_outcome(group: str, object_name: str, *, mode: Mode = Mode.INCREMENTAL) -> ObjectOutcome:
    """An outcome that says that nothing happened."""
    return ObjectOutcome(
        object=object_name,
        group=group,
        mode=mode.value,
        status=Status.UNCHANGED.value,
        message=None,
        error=None,
        rows=0,
        read=0,
        tombstones=0,
        rejected=0,
        bytes=0,
        pages=0,
        requests=0,
        retries=0,
        api_before=None,
        api_after=None,
        batch=None,
        watermark_before=None,
        watermark_after=None,
        schema_changes=[],
        left_out=[],
        blocked=[],
        unfilled={},
        resumed=False,
        api=None,
        seconds=0.0,
        phases={},
    )


class GroupOutcome(TypedDict):
    """Summary of one Glue run; small enough for a state's 256 KiB payload."""

    group: str
    landed: list[str]  # object API names; here and below
    unchanged: list[str]
    skipped: list[str]  # skipped or superseded
    failed: list["Failure"]
    unbuilt: list[str]  # whose raw table is ahead of the last successful build


class Failure(TypedDict):
    """An object that failed, and why, in one sentence."""

    object: str
    message: str


class BuildFailure(TypedDict):
    """A dbt node that failed."""

    node: str  # unique id
    name: str
    kind: str  # model, test, seed, …
    message: str
    failures: int | None  # rows that failed a test


class BuildOutcome(TypedDict):
    """Result of the dbt build."""

    status: Literal["succeeded", "failed"]
    cause: str | None  # one or two sentences for a person
    counts: dict[str, int]  # result status -> nodes
    failures: list[BuildFailure]
    # A sentence each: sources that are old, data tests that warned, tables that were not kept.
    warnings: list[str]
    excluded: list[str]  # sources left out, "salesforce.account"
    seconds: float


class ComparisonOutcome(TypedDict):
    """Result of the comparison with the old system. A difference is no failure of it."""

    status: Literal["succeeded", "failed"]  # failed: a pair of tables could not be compared
    cause: str | None  # why it failed, or what keeps the verdict from a pass
    verdict: str | None  # pass, warn, fail or not compared; null where there is no report
    turned: bool  # whether the verdict is fail and that of the run before was not
    report: str | None  # s3:// address of the page for people
