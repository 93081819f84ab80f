"""Options that several commands share refuse what they cannot take, before any work."""

import pytest
from click.testing import CliRunner

from lakehouse_tools.cli import cli


@pytest.mark.parametrize("command", [["compare"], ["compare", "init", "--old", "x"], ["validate"]])
@pytest.mark.parametrize("size", ["abc", "", "-5", "0", "1XB", "0GB"])
def test_a_memory_that_is_no_size_is_refused(command: list[str], size: str) -> None:
    done = CliRunner().invoke(cli, [*command, "--memory", size])
    assert done.exit_code == 2
    expected = f"lakehouse: --memory: got {size!r}; allowed: a size such as 750MB or 2GB\n"
    assert done.stderr == expected


def test_a_size_is_taken(tmp_path) -> None:
    for size in ("750MB", "1.5 GiB", "2gb"):
        done = CliRunner().invoke(
            cli, ["compare", "--memory", size, "--config", str(tmp_path / "c")]
        )
        assert "--memory" not in done.stderr
