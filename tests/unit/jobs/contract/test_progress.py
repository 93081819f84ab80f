import pytest

from lakehouse_jobs.contract import progress


def test_a_line_reads_back() -> None:
    text = progress.line(progress.Event.OBJECT_FINISHED, object="Account", rows=3, message="ä\n")
    assert "\n" not in text
    assert progress.parse(text) == {
        "event": "object_finished",
        "object": "Account",
        "rows": 3,
        "message": "ä\n",
    }


@pytest.mark.parametrize("text", ["", "plain", "{broken", '{"level": "info"}', "[1]", '"event"'])
def test_other_lines_are_no_events(text: str) -> None:
    assert progress.parse(text) is None
