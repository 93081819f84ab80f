"""What an erasure does not reach, and until when it stays: by the bucket as it is deployed."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from botocore.exceptions import ClientError

from lakehouse_jobs.contract.runs import ATHENA_PREFIX
from lakehouse_tools.environment import Environment, is_denied
from lakehouse_tools.stack import Stack

_PAGES: Final = (
    "pages of comparisons, runs/<execution>/_comparison.html, without an end: they show keys of"
    " rows that differ; delete those that name the person"
)
_NO_RULES: Final = "NoSuchLifecycleConfiguration"


def look(environment: Environment, stack: Stack, *, now: datetime) -> tuple[str, ...]:
    """A sentence for each, with the last day. ``now``: of the erasure."""
    client, bucket = environment.client("s3"), stack.lake_bucket_name
    try:
        versions = client.get_bucket_versioning(Bucket=bucket).get("Status")
        rules = _rules(client, bucket)
    except ClientError as error:
        if not is_denied(error):
            raise
        return (
            f"how long {bucket} keeps old versions and query results is not known, as these"
            f" credentials may not ask ({error.operation_name})",
        )
    today = now.astimezone(UTC).date()
    return (*_old_versions(versions, rules, today), _results(rules, today), _PAGES)


def _rules(client: Any, bucket: str) -> list[dict[str, Any]]:
    try:
        return client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") == _NO_RULES:
            return []
        raise


def _old_versions(
    status: str | None, rules: Sequence[Mapping[str, Any]], today: date
) -> Iterator[str]:
    if status is None:
        return  # never versioned: what is deleted is gone
    days = _days(rules, "NoncurrentVersionExpiration", "NoncurrentDays", prefix="")
    yield f"old versions of the files that were deleted, in the bucket {_until(days, today)}"


def _results(rules: Sequence[Mapping[str, Any]], today: date) -> str:
    days = _days(rules, "Expiration", "Days", prefix=ATHENA_PREFIX)
    return (
        f"results of queries that somebody made before, under {ATHENA_PREFIX} {_until(days, today)}"
    )


def _days(rules: Sequence[Mapping[str, Any]], action: str, unit: str, *, prefix: str) -> int | None:
    """The days of the first rule that is on and holds for all of a prefix."""
    for rule in rules:
        days = rule.get(action, {}).get(unit)
        of = rule.get("Filter", {}).get("Prefix", rule.get("Prefix", ""))
        if days is not None and rule.get("Status") == "Enabled" and prefix.startswith(of):
            return int(days)
    return None


def _until(days: int | None, today: date) -> str:
    """S3 counts from the next midnight of UTC, and deletes within the day."""
    if days is None:
        return "without an end: no lifecycle rule of the bucket expires them"
    return f"until {today + timedelta(days=days + 2)} ({days} days)"
