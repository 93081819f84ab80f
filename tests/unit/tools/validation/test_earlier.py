"""What moved since the run before."""

import json
from datetime import timedelta

import pytest

from lakehouse_jobs.errors import TransferError
from lakehouse_tools.comparison.checks import Status
from lakehouse_tools.comparison.errors import NotComparedError
from lakehouse_tools.comparison.report.as_json import as_dict
from lakehouse_tools.comparison.run import TableReport
from lakehouse_tools.validation import marts, run
from lakehouse_tools.validation.raw import raw_table
from tests.unit.tools.validation.conftest import MART, OBJECTS, failing


def as_read(report):
    return json.loads(json.dumps(as_dict(report)))


def test_what_moved_since_the_run_before(mart):
    first = as_read(mart(MART.format(n=200)))
    assert failing(mart(MART.format(n=199), [first])) == set()
    fewer = mart(MART.format(n=190), [first])
    assert "rows since the last run" in failing(fewer)
    empty = MART.format(n=200).replace("'n' AS name", "CASE WHEN i > 5 THEN 'n' END AS name")
    report = mart(empty, [first])
    assert failing(report) == {"null shares since the last run"}
    assert report.status is Status.WARN
    other = {**first, "tables": [{**first["tables"][0], "records": None}]}
    assert "rows since the last run" in failing(mart(MART.format(n=190), [first, other]))


def test_a_loss_stays_one_until_the_rows_are_back(mart):
    first = as_read(mart(MART.format(n=200)))
    lost = as_read(mart(MART.format(n=100), [first]))
    assert "rows since the last run" in failing(mart(MART.format(n=100), [first, lost]))
    assert failing(mart(MART.format(n=200), [first, lost])) == set()
    assert failing(mart(MART.format(n=100), [lost])) == set()  # the earlier ones moved away


def test_a_run_of_another_org_or_environment_is_no_earlier_one(mart):
    first = as_read(mart(MART.format(n=200)))
    for subject in ("environment prod, org 1", "environment dev, org 2"):
        report = mart(MART.format(n=100), [first], subject)
        assert failing(report) == set()
        assert "null shares" in {check.name for check in report.every}  # recorded, not compared


def test_a_loss_is_told_and_no_baseline_though_a_later_check_cannot_be_made(mart, monkeypatch):
    first = as_read(mart(MART.format(n=200)))

    def broken(*_):
        raise NotComparedError("DuckDB: a file is gone")

    with monkeypatch.context() as patched:
        patched.setattr(marts, "ranges", broken)
        lost = mart(MART.format(n=100), [first])
    assert {"rows since the last run", "validation"} <= failing(lost)
    after = mart(MART.format(n=100), [first, as_read(lost)])
    assert "rows since the last run" in failing(after)


def test_an_objects_loss_and_age_are_told_though_salesforce_breaks_off(raw, served, monkeypatch):
    before = {"records": 10_000}
    for broken in ("bracket", "take_sample"):
        table = TableReport(name="Contact", old="", new="")

        def breaks(*_, **__):
            raise TransferError("connection lost")

        with monkeypatch.context() as patched:
            patched.setattr(run, broken, breaks)
            with pytest.raises(TransferError, match="connection lost"):
                run.look_at_object(
                    raw.engine, raw.org, raw_table(raw.engine, raw.found(), "Contact"), OBJECTS,
                    table, sample=1, before=before,
                )  # fmt: skip
        named = {check.name: check.status for check in table.checks}
        assert named["rows since the last run"] is Status.FAIL
        assert "freshness" in named


def test_the_time_that_a_sample_takes_makes_raw_no_older(raw, monkeypatch):
    """The org's clock goes on while records are sampled."""
    clock = raw.org.server_time()
    raw.watermark = clock - timedelta(minutes=5)
    late = []
    monkeypatch.setattr(raw.org, "server_time", lambda: clock + timedelta(hours=9 if late else 0))
    take = run.take_sample
    monkeypatch.setattr(run, "take_sample", lambda *a, **k: late.append(1) or take(*a, **k))
    assert ", 5 minutes ago" in raw.checks()["freshness"].figure
    assert late
