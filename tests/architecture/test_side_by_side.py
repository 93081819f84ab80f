"""What says which test begins first names files and folders that are there."""

from pathlib import Path

from tests.side_by_side import LONGEST, TOGETHER

ROOT = Path(__file__).parents[2]


def test_a_file_that_was_renamed_keeps_its_place() -> None:
    named = {*LONGEST, *TOGETHER}
    assert {file for file in named if not (ROOT / file).exists()} == set()
