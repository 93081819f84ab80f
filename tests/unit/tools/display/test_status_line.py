import io

import pytest
from rich.console import Console

from lakehouse_tools.display.status_line import status_line


def printed(*, terminal, plain=False, few=False):
    console = Console(file=io.StringIO(), force_terminal=terminal, width=60)
    with status_line(console, "deploying", plain=plain, few=few) as report:
        report("[1/9] something " + "long " * 30)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize(("terminal", "plain"), [(False, False), (True, True)])
def test_plain_output_has_a_line_and_no_flood(terminal, plain):
    assert printed(terminal=terminal, plain=plain) == "deploying …\n"


def test_few_reports_are_lines_of_their_own():
    assert printed(terminal=False, few=True).splitlines()[1].startswith("  [1/9] something long")


def test_a_terminal_shows_one_line_that_fits():
    text = printed(terminal=True)
    assert "deploying" in text
