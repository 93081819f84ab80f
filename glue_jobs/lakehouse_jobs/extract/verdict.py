"""Whether an error ends the load that it stopped: hours of reading go for proof alone."""

from typing import Final

from botocore.exceptions import BotoCoreError, ClientError
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
    JobUnfinishedError,
    LimitExceededError,
    LoginRefusedError,
    MisdirectedError,
    RestUnsuitedError,
    SecretError,
    SupersededError,
    TooManyRejectedError,
    UnreachableError,
    ValueRefusedError,
)
from lakehouse_jobs.salesforce.retry import RETRIED_STATUSES

# The load itself is bad: its job, its columns, its values, or the table it was read for.
_PROOF: Final = (
    BulkJobError,
    BulkUnsupportedError,
    FieldVanishedError,
    JobContradictedError,
    RestUnsuitedError,
    SupersededError,
    ValueRefusedError,
)
# The network, a disk, a limit, the configuration, or who may log in: the load itself is good.
_PASSING: Final = (
    BotoCoreError,
    BudgetSpentError,
    ClientError,
    ClockError,
    JobUnfinishedError,
    LimitExceededError,
    LoginRefusedError,
    MisdirectedError,
    OSError,  # PyArrow's errors of S3 as well
    SecretError,
    TooManyRejectedError,  # its remedy is to raise the ceiling
    UnreachableError,
)
_REFUSED_TO_USER: Final = frozenset({401, 403})


def is_over(error: Exception, *, resumed: bool, advanced: bool) -> bool:
    """Whether a load cannot go on after an error.

    ``resumed``: an earlier run began the load; ``advanced``: this one finished a page of
    it. An error of neither kind ends a load that a second run brought no page further.
    """
    if _passes(error):
        return False
    return isinstance(error, _PROOF) or (resumed and not advanced)


def _passes(error: Exception) -> bool:
    if isinstance(error, FileNotFoundError):
        return False  # a data file of the load may be gone
    if isinstance(error, CommitFailedError) and not isinstance(error, SupersededError):
        # Refused by a catalog that is busy, or may not be used; not for what the files hold.
        cause = error.__cause__
        return isinstance(cause, CommitFailedException | BotoCoreError | ClientError | OSError)
    if isinstance(error, AnswerRefusedError) and not isinstance(error, _PROOF):
        status = error.status
        return isinstance(error, LimitExceededError) or (
            status in RETRIED_STATUSES or status in _REFUSED_TO_USER
        )
    return isinstance(error, _PASSING)
