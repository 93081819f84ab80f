import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from lakehouse_tools.cli import cli, reference

ROOT = Path(__file__).parents[4]
COMMANDS = dict(reference.commands(cli, "lakehouse"))


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_has_help_with_an_example(path):
    result = CliRunner().invoke(cli, [*path.split()[1:], "--help"])
    assert result.exit_code == 0
    assert "Example" in result.output
    assert f"  {path}" in result.output


@pytest.mark.parametrize("path", COMMANDS)
def test_every_option_says_what_it_does(path):
    options = [p for p in COMMANDS[path].params if isinstance(p, click.Option)]
    assert [o.name for o in options if not o.help] == []


def test_every_command_is_in_the_reference():
    page = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
    assert page == reference.text(), "run `make reference`"


def test_help_loads_no_aws_library():
    program = (
        "import sys; from lakehouse_tools.cli import cli; cli(['--help'], standalone_mode=False);"
        "print({'boto3', 'botocore', 'pyiceberg', 'rich', 'duckdb'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "set()"


def test_no_command_takes_a_secret_as_an_argument():
    names = {p.name or "" for command in COMMANDS.values() for p in command.params}
    assert not {n for n in names if "password" in n or "client" in n or "key" in n}
