import click
import pytest
from click.testing import CliRunner

from lakehouse_jobs.contract.errors import ConfigError
from lakehouse_local.background import BackgroundError
from lakehouse_tools.cli import cli
from lakehouse_tools.cli.group import standalone
from lakehouse_tools.errors import FollowingStoppedError, LocalAwsDownError, RequestError


@pytest.fixture
def fails(monkeypatch):
    """Makes `lakehouse doctor` raise what it is given."""

    def with_error(error: BaseException):
        @click.command()
        def command() -> None:
            raise error

        monkeypatch.setattr(type(cli), "get_command", lambda *_: command)
        return CliRunner().invoke(cli, ["doctor"])

    return with_error


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (RequestError("no"), 2, "lakehouse: no"),
        (FollowingStoppedError("goes on"), 130, "lakehouse: goes on"),
        (KeyboardInterrupt(), 130, "lakehouse: interrupted"),
        (BackgroundError("port 1 is used"), 1, "lakehouse: port 1 is used"),
        (
            ValueError("LAKEHOUSE_LOCAL_PORT: got 'x'"),
            1,
            "lakehouse: LAKEHOUSE_LOCAL_PORT: got 'x'",
        ),
        (
            LocalAwsDownError("http://127.0.0.1:1"),
            1,
            "lakehouse: the local AWS does not answer at http://127.0.0.1:1:"
            " start it with `lakehouse up`",
        ),
        (
            ConfigError(where="f.json", key="k", value=1, allowed="a string"),
            1,
            "lakehouse: f.json: k: got 1; allowed: a string",
        ),
        (
            KeyError("x\ny"),
            1,
            r"lakehouse: unexpected KeyError: 'x\ny': set LAKEHOUSE_DEBUG=1 to see where it comes"
            " from",
        ),
    ],
)
def test_an_error_is_one_line_on_standard_error(fails, error, status, line):
    result = fails(error)
    assert result.exit_code == status
    assert result.stderr == line + "\n"
    assert result.stdout == ""


def test_debug_shows_where_it_comes_from(fails, monkeypatch):
    monkeypatch.setenv("LAKEHOUSE_DEBUG", "1")
    assert isinstance(fails(KeyError("x")).exception, KeyError)


def test_a_script_has_the_same_errors_and_help(monkeypatch, capsys):
    @click.command()
    @click.option("--n", type=int, help="A number.")
    def command(*, n: int) -> None:
        """Say no."""
        raise RequestError(f"no {n}")

    monkeypatch.setattr("sys.argv", ["script.py", "--n", "3"])
    with pytest.raises(SystemExit) as caught:
        standalone(command)
    assert caught.value.code == 2
    assert capsys.readouterr().err == "lakehouse: no 3\n"


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["run", "--mode", "sideways"], ["query"], ["demo", "--records", "0"]],
)
def test_wrong_usage_is_exit_status_2(arguments):
    assert CliRunner().invoke(cli, arguments).exit_code == 2


def test_a_local_aws_that_is_down_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("LAKEHOUSE_HOME", str(tmp_path))
    monkeypatch.setenv("LAKEHOUSE_LOCAL_PORT", "5793")
    for arguments in (["status"], ["run"], ["query", "select 1"], ["report"], ["stop"]):
        result = CliRunner().invoke(cli, arguments)
        assert result.exit_code == 1
        assert result.stderr.startswith("lakehouse: the local AWS does not answer at")
        assert len(result.stderr.splitlines()) == 1


def test_a_port_that_is_none_is_named(monkeypatch):
    monkeypatch.setenv("LAKEHOUSE_LOCAL_PORT", "high")
    result = CliRunner().invoke(cli, ["status"])
    assert result.stderr == (
        "lakehouse: LAKEHOUSE_LOCAL_PORT: got 'high'; allowed: a port, 1024 to 65535\n"
    )
