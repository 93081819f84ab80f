"""What keeps a comparison from being made.

NotComparedError           one pair cannot be compared; the others can
ComparisonFailedError      the comparison as a whole cannot be made
"""

from typing import Final

from lakehouse_tools.errors import ToolError

EXIT_NOT_COMPARED: Final = 2


class ComparisonFailedError(ToolError):
    """The comparison cannot be made; says nothing about the data. Exit status 2."""

    exit_status = EXIT_NOT_COMPARED


class NotComparedError(ToolError):
    """A pair of tables cannot be compared; it stops the gate as a difference does."""

    exit_status = EXIT_NOT_COMPARED
