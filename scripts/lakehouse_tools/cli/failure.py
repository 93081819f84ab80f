"""Errors as the person at the terminal sees them: one line on standard error."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click

from lakehouse_tools.errors import EXIT_FAILED, EXIT_INTERRUPTED, ToolError

DEBUG = "LAKEHOUSE_DEBUG"


class Failure(click.ClickException):
    """A known error, printed as ``lakehouse: …``."""

    def __init__(self, message: str, exit_code: int = EXIT_FAILED) -> None:
        super().__init__(message)
        setattr(self, "exit_code", exit_code)  # noqa: B010 - click types it as a class's

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the line."""
        click.echo(f"lakehouse: {self.message}", file=file or sys.stderr)


def translate(error: Exception) -> Failure:
    """The failure to show for any exception that a command raised.

    Errors of our own packages say what to do; of the others the type is named, because
    their words alone may say little.
    """
    if isinstance(error, ToolError):
        return Failure(str(error), error.exit_status)
    if type(error).__module__.split(".")[0] in ("lakehouse_jobs", "lakehouse_local"):
        return Failure(str(error))
    if isinstance(error, ValueError) and str(error).startswith("LAKEHOUSE_"):
        return Failure(str(error))
    return Failure(
        f"unexpected {type(error).__name__}: {' '.join(str(error).split()) or 'no message'}:"
        f" set {DEBUG}=1 to see where it comes from"
    )


@contextmanager
def one_line() -> Iterator[None]:
    """Turn what a command raises into :class:`Failure`; click's own errors pass."""
    try:
        yield
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except KeyboardInterrupt:
        raise Failure("interrupted", EXIT_INTERRUPTED) from None
    except Exception as error:
        if os.environ.get(DEBUG) == "1":
            raise
        raise translate(error) from error
