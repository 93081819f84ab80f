"""The report as a CI's test report."""

from xml.etree import ElementTree

from lakehouse_tools.comparison.checks import Check, Status
from lakehouse_tools.comparison.report.as_junit import as_junit
from lakehouse_tools.comparison.run import Kind, Report, TableReport
from tests.unit.tools.comparison.test_faults import NOW


def check(name, status, figure="1 \x00 <2>"):
    return Check(table="dim_account", name=name, status=status, figure=figure, text="look")


def test_one_case_a_table_and_check():
    checks = [check(str(status), status) for status in Status]
    table = TableReport(name="dim_account", old="o", new="n", checks=checks, seconds=1.5)
    report = Report(
        run="r1",
        made_at=NOW,
        engine="duckdb",
        config="c",
        fingerprint="f",
        tables=[table],
        checks=[check("tables covered", Status.PASS)],
    )
    everything, suite = ElementTree.fromstring(as_junit(report))
    assert ElementTree.fromstring(as_junit(report)).get("name") == "comparison r1"
    report.kind = Kind.VALIDATION
    assert ElementTree.fromstring(as_junit(report)).get("name") == "validation r1"
    assert everything.get("tests") == "1"
    assert {k: suite.get(k) for k in ("name", "tests", "failures", "errors", "time")} == {
        "name": "dim_account",
        "tests": "4",
        "failures": "1",
        "errors": "1",
        "time": "1.500",
    }
    told = {case.get("name"): [child.tag for child in case] for case in suite}
    assert told == {
        "pass": [],
        "warn": ["system-out"],
        "fail": ["failure"],
        "not compared": ["error"],
    }
    failure = suite.find("testcase[@name='fail']/failure")
    assert failure is not None
    assert failure.get("message") == "1 \N{REPLACEMENT CHARACTER} <2>"
    assert "look" in (failure.text or "")
