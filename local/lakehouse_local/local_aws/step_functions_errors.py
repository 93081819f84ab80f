"""Errors of a running state machine.

Names as AWS gives them: docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from typing import Final

QUERY_EVALUATION: Final = "States.QueryEvaluationError"
RUNTIME: Final = "States.Runtime"
TASK_FAILED: Final = "States.TaskFailed"
TIMEOUT: Final = "States.Timeout"
DATA_LIMIT: Final = "States.DataLimitExceeded"
NO_CHOICE: Final = "States.NoChoiceMatched"

# Neither a Retry nor a Catch for States.ALL takes these; no Retry takes the first at all.
TERMINAL: Final = frozenset({RUNTIME, DATA_LIMIT})


class StatesError(Exception):
    """An error that Retry and Catch can see: ``error`` is its name, ``cause`` the reason."""

    def __init__(self, error: str, cause: str = "") -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause


class StoppedError(Exception):
    """Nobody waits for this any more: the execution was stopped, or a sibling failed."""


def matches(error_equals: list[str], error: str) -> bool:
    """Whether a Retry's or Catch's ``ErrorEquals`` takes an error.

    ``States.TaskFailed`` takes every error but a timeout; ``States.ALL`` every error but
    those that always end the execution.
    """
    if error in error_equals:
        return True
    if error in TERMINAL:
        return False
    if "States.ALL" in error_equals:
        return True
    return TASK_FAILED in error_equals and error != TIMEOUT
