"""How a query job ends badly, and whether another one may do better."""

from collections.abc import Iterator
from contextlib import contextmanager

from lakehouse_jobs.errors import (
    AnswerRefusedError,
    BulkJobError,
    BulkUnsupportedError,
    FieldVanishedError,
    JobGoneError,
    QueryTooWideError,
)
from lakehouse_jobs.salesforce.answers import (
    VANISHED_REMEDY,
    Refusal,
    bulk_unsupported,
    names_too_much,
    names_vanished_field,
)

# In the reason of a failed job: causes that another job may not meet.
_PASSING = (
    "timeout",
    "timed out",
    "unable_to_lock",
    "unavailable",
    "retry limit",
    "try again",
    "internal",
    "unexpected",
)


@contextmanager
def told_gone(job_id: str, *, passing: bool = True) -> Iterator[None]:
    """Turn the refusals of a job that is not there any more into JobGoneError."""
    try:
        yield
    except AnswerRefusedError as error:
        if error.status == 404:
            raise JobGoneError(
                f"query job {job_id} was deleted, or expired after seven days; the next run "
                "reads the object again, find out who deletes Bulk jobs if it goes on",
                passing=passing,
            ) from None
        if error.status == 409:
            raise JobGoneError(
                f"query job {job_id} was made in another API version; the next run reads the "
                "object again",
                passing=passing,
            ) from None
        raise


def ended(job_id: str, state: str, reason: str | None) -> Exception:
    """The error of a job in the state Failed or Aborted."""
    if names_vanished_field(reason or ""):
        return FieldVanishedError(
            f"query job {job_id} ended as {state}: {reason}{VANISHED_REMEDY}",
            status=200,
            code="INVALID_FIELD",
        )
    if names_too_much(reason or ""):
        return QueryTooWideError(
            f"query job {job_id} ended as {state}: {reason}; exclude formula fields of this "
            "object in the configuration",
            status=200,
            code="QUERY_TOO_COMPLICATED",
        )
    told = reason or "Salesforce gives no reason"
    refusal = Refusal(status=400, code=told.partition(":")[0].strip(), message=told)
    if state == "Failed" and bulk_unsupported(refusal):
        return BulkUnsupportedError(
            f"query job {job_id} ended as {state}: {told}; exclude the object if REST cannot "
            "read it either",
            status=refusal.status,
            code=refusal.code,
        )
    words = (reason or "").lower()
    passes = not words or any(word in words for word in _PASSING)
    ours = words.startswith(("invalid", "malformed", "insufficient"))
    return BulkJobError(
        f"query job {job_id} ended as {state}: {told}; the next run reads the object again, "
        "Setup > Bulk Data Load Jobs shows the job",
        passing=state == "Aborted" or (passes and not ours),
    )
