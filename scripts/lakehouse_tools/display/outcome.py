"""Following an execution to its end, with what is said about the end."""

from rich.console import Console

from lakehouse_tools.display.follow import follow
from lakehouse_tools.environment import Environment
from lakehouse_tools.errors import ExecutionError, FollowingStoppedError
from lakehouse_tools.executions.follow import Follower
from lakehouse_tools.executions.history import one_line
from lakehouse_tools.executions.progress import SUCCEEDED, ExecutionProgress
from lakehouse_tools.executions.start import name_of
from lakehouse_tools.stack import Stack


def run_and_follow(
    environment: Environment, stack: Stack, arn: str, *, console: Console, plain: bool
) -> ExecutionProgress:
    """Show the execution until it ends.

    Raises :class:`ExecutionError` with its cause, or :class:`FollowingStoppedError` on ctrl-C.
    """
    try:
        progress = follow(Follower(environment, stack, arn), console=console, plain=plain)
    except KeyboardInterrupt:
        raise FollowingStoppedError(
            f"stopped following; execution {name_of(arn)} goes on:"
            f" `lakehouse status{environment.option}` shows it,"
            f" `lakehouse stop{environment.option}` ends it"
        ) from None
    if progress.status != SUCCEEDED:
        raise ExecutionError(
            f"execution {progress.name} {progress.status}:"
            f" {one_line(progress.error, progress.cause) or 'no cause given'}"
        )
    return progress
