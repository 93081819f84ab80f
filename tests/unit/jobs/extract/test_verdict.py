"""Which errors end a load, and which only stop a run."""

import errno

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from pyiceberg.exceptions import CommitFailedException

from lakehouse_jobs.errors import (
    AnswerRefusedError,
    BudgetSpentError,
    BulkJobError,
    BulkUnsupportedError,
    ClockError,
    CommitFailedError,
    FieldVanishedError,
    JobContradictedError,
    JobGoneError,
    JobUnfinishedError,
    LimitExceededError,
    LoginRefusedError,
    MisdirectedError,
    ObjectNotFoundError,
    QueryTooWideError,
    SecretError,
    SupersededError,
    TooManyRejectedError,
    TransferError,
    UnreachableError,
    ValueRefusedError,
)
from lakehouse_jobs.extract.verdict import is_over


def refused(status, kind=AnswerRefusedError):
    return kind("refused", status=status, code="X")


def failed_commit(cause):
    error = CommitFailedError("the commit did not land")
    error.__cause__ = cause
    return error


DENIED = ClientError({"Error": {"Code": "AccessDeniedException"}}, "UpdateTable")
PASSING = [
    OSError("When uploading part for key 'x' in bucket 'y': AWS Error SLOW_DOWN"),
    OSError(errno.ENOSPC, "No space left on device"),
    DENIED,
    EndpointConnectionError(endpoint_url="s3"),
    failed_commit(CommitFailedException("busy")),
    failed_commit(DENIED),
    failed_commit(OSError("no route")),
    LoginRefusedError("rotated"),
    SecretError("no key"),
    MisdirectedError("elsewhere"),
    ClockError("a day ahead"),
    UnreachableError("nobody"),
    BudgetSpentError("spent"),
    JobUnfinishedError("still running"),
    TooManyRejectedError("raise max_rejected"),
    refused(401),
    refused(403),
    refused(503),
    refused(403, LimitExceededError),
]
PROOF = [
    BulkJobError("Failed"),
    JobGoneError("deleted"),
    JobContradictedError("fewer"),
    SupersededError("moved on"),
    ValueRefusedError("does not fit"),
    refused(400, FieldVanishedError),
    refused(400, BulkUnsupportedError),
    refused(200, QueryTooWideError),
]
DOUBTFUL = [
    TransferError("short"),
    refused(400),
    refused(404, ObjectNotFoundError),
    failed_commit(ValueError("the files do not fit the table")),
    FileNotFoundError("a data file"),
    KeyError("a fault of this program"),
]


def told(error):
    return f"{type(error).__name__} {error}"


@pytest.mark.parametrize("error", PASSING, ids=told)
def test_what_passes_never_ends_a_load(error):
    assert not is_over(error, resumed=True, advanced=False)


@pytest.mark.parametrize("error", PROOF, ids=told)
def test_proof_ends_a_load_at_once(error):
    assert is_over(error, resumed=False, advanced=True)


@pytest.mark.parametrize("error", DOUBTFUL, ids=told)
def test_doubt_ends_a_load_that_a_second_run_brought_no_further(error):
    assert not is_over(error, resumed=False, advanced=False)
    assert not is_over(error, resumed=True, advanced=True)
    assert is_over(error, resumed=True, advanced=False)
