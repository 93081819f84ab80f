from pathlib import Path

import pytest

from lakehouse_local.local_aws.logs import last_line

TRACE = """\
    raise Py4JJavaError(
py4j.protocol.Py4JJavaError: An error occurred while calling o26.csv.
: java.io.IOException: No FileSystem for scheme "ftp"
\tat org.apache.hadoop.fs.FileSystem.get(FileSystem.java:540)
\tat scala.Option.getOrElse(Option.scala:189)
\t... 12 more

"""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("first\n  last  \n\n", "last"),
        (TRACE, ': java.io.IOException: No FileSystem for scheme "ftp"'),
        ("  at last (it ended)\n", "at last (it ended)"),
        ("", ""),
    ],
)
def test_what_a_log_says_last(tmp_path: Path, text: str, told: str) -> None:
    log = tmp_path / "log"
    log.write_text(text)

    assert last_line(log) == told


def test_no_log_says_nothing(tmp_path: Path) -> None:
    assert last_line(tmp_path / "log") == ""
