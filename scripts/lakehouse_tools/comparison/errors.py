"""What keeps a comparison from being made.

NotComparedError           one pair cannot be compared; the others can
ComparisonFailedError      the comparison as a whole cannot be made
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from lakehouse_jobs.contract.errors import ConfigError
from lakehouse_tools.errors import ToolError

EXIT_NOT_COMPARED: Final = 2


class ComparisonFailedError(ToolError):
    """The comparison cannot be made; says nothing about the data. Exit status 2."""

    exit_status = EXIT_NOT_COMPARED


class NotComparedError(ToolError):
    """A pair of tables cannot be compared; it stops the gate as a difference does."""

    exit_status = EXIT_NOT_COMPARED


@contextmanager
def before_comparing(*kinds: type[Exception]) -> Iterator[None]:
    """Errors met before anything was compared must not end with the status of a difference.

    A ConfigError and those of ``kinds`` become a :class:`ComparisonFailedError`.
    """
    try:
        yield
    except (ConfigError, *kinds) as error:
        raise ComparisonFailedError(str(error)) from error
