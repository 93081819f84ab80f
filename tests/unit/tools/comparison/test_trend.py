"""Runs kept in the lake: what a run becomes there, and what happens where it takes none."""

import json

import pyarrow as pa
import pytest
from click.testing import CliRunner
from pyiceberg.exceptions import CommitFailedException

from lakehouse_jobs.raw.schema import arrow_schema, new_schema
from lakehouse_tools.cli import cli
from lakehouse_tools.cli.finish import finish
from lakehouse_tools.comparison import trend
from lakehouse_tools.comparison.checks import Check, Status
from lakehouse_tools.comparison.errors import ComparisonFailedError
from lakehouse_tools.comparison.gate import enough_runs, requirements
from lakehouse_tools.comparison.reading import config_of
from lakehouse_tools.comparison.report.as_json import as_dict
from lakehouse_tools.comparison.run import Report
from lakehouse_tools.environment import Environment
from tests.unit.tools.comparison.test_faults import NOW
from tests.unit.tools.conftest import STACK

CONFIG = {
    "old": {"database": "old_lake"},
    "new": {"layer": "marts"},
    "tables": [{"old": "a", "new": "b", "key": {"id": {}}, "columns": {"c": {}}}],
}


def report(status=Status.FAIL):
    check = Check(table="", name="tables covered", status=status, figure="1 is not")
    return Report(run="r1", made_at=NOW, engine="e", config="c", fingerprint="f", tables=[],
                  checks=[check])  # fmt: skip


def test_a_run_without_tables_is_kept_with_its_own_checks():
    rows = trend.as_rows(as_dict(report()))
    schema = new_schema(trend._COLUMNS)
    kept = pa.Table.from_pylist(rows, schema=arrow_schema(schema, trend._COLUMNS)).to_pylist()
    run = trend.as_run(kept)
    assert (run["verdict"], run["tables"]) == ("fail", [])
    config = config_of(json.dumps(CONFIG), where="comparison.json")
    found = requirements(config, [{**run, "fingerprint": config.fingerprint}], [], [])
    assert "tables covered: 1 is not" in [one.text for one in found]


@pytest.mark.parametrize("error", [CommitFailedException("at once"), OSError("ACCESS_DENIED")])
def test_the_verdict_is_told_before_a_run_that_the_lake_does_not_take(
    monkeypatch, tmp_path, capsys, error
):
    def refuse(*_, **__):
        raise error

    monkeypatch.setattr(trend, "catalog", refuse)
    with pytest.raises(ComparisonFailedError, match=r"run r1 is not recorded.*" + str(error)):
        finish(
            report(),
            tmp_path,
            tmp_path / "junit.xml",
            record=lambda: trend.record(Environment("dev"), STACK, report()),
        )
    assert "comparison: fail" in capsys.readouterr().out
    assert (tmp_path / "junit.xml").exists()


def test_a_page_without_the_runs_before_says_why(tmp_path, capsys):
    def earlier():
        raise ComparisonFailedError("raw._comparison_runs: the runs cannot be read: ACCESS_DENIED")

    finish(report(Status.PASS), tmp_path, None, earlier=earlier)
    told = capsys.readouterr()
    assert "comparison: pass" in told.out
    assert told.err == (
        "the page shows no earlier runs: raw._comparison_runs: the runs cannot be read:"
        " ACCESS_DENIED\n"
    )


def test_the_gate_reads_back_until_as_many_runs_count_as_it_needs():
    config = config_of(json.dumps({**CONFIG, "runs_in_a_row": 2}), where="comparison.json")

    def run(load):
        table = {"name": "b", "cutoff": str(load), "pins": ["old", f"build {load}"]}
        return {"run": f"r{load}", "tables": [table]}

    assert not enough_runs(config, [])
    assert not enough_runs(config, [run(1)] * 5)  # one state of the tables, five times
    assert enough_runs(config, [run(1), run(2)])


def test_the_gate_says_that_it_cannot_read_the_runs(monkeypatch, tmp_path):
    def refuse(*_, **__):
        raise OSError("ACCESS_DENIED")

    monkeypatch.setattr(trend, "catalog", refuse)
    monkeypatch.setattr("lakehouse_tools.comparison.asked.read_stack", lambda _: STACK)
    (tmp_path / "comparison.json").write_text(json.dumps(CONFIG))
    (tmp_path / "cutover_checklist.json").write_text('{"confirmations": [{"what": "trained"}]}')
    gate = CliRunner().invoke(cli, ["gate", "--config", str(tmp_path / "comparison.json")])
    assert (gate.exit_code, "ACCESS_DENIED" in gate.stderr) == (2, True)
    assert len(gate.stderr.splitlines()) == 1
