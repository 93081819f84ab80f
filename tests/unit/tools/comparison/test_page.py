"""The report as a person meets it: what a browser shows before anybody scrolls."""

import html
import json
import re
from dataclasses import replace
from datetime import timedelta

import duckdb
import pytest

from lakehouse_tools.comparison.checks import Check, Status
from lakehouse_tools.comparison.report.as_html import as_html
from lakehouse_tools.comparison.report.as_json import as_dict
from lakehouse_tools.comparison.report.as_markdown import LINES, as_markdown
from lakehouse_tools.comparison.run import Kind, Report, TableReport
from tests.browser import Browser
from tests.unit.tools.comparison.test_faults import NOW, OLD, PAIR, System

HEIGHT = 720  # of a small laptop's window
# The texts of what lies whole within the first screen, told in an element of its own.
LOOK = """<script>
  const seen = [...document.querySelectorAll("h1, p, td, th, a")]
    .filter(e => { const r = e.getBoundingClientRect();
                   return r.height > 0 && r.bottom <= HEIGHT && r.right <= innerWidth + 1 })
    .map(e => e.textContent.trim().replace(/\\s+/g, " "));
  document.documentElement.textContent = JSON.stringify(seen);
</script>"""
FAULT = """SELECT * REPLACE (
    CASE WHEN i BETWEEN 100 AND 120 THEN account_name || ' Mallory' ELSE account_name END
        AS account_name,
    CASE WHEN i = 500 THEN 1 ELSE revenue END AS revenue) FROM new WHERE i >= 9"""


@pytest.fixture(scope="module")
def system(tmp_path_factory):
    """Fourteen tables, of which one has faults: a worst column, another, and lost rows."""
    system = System(tmp_path_factory.mktemp("systems"))
    system.write(OLD, FAULT)
    folder = system.folder
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE same AS {OLD.replace('1000', '20')}")
        for n in range(13):
            for side in ("old", "new"):
                connection.execute(f"COPY same TO '{folder}/{side}/a_{n}.parquet'")
    same = {"key": {"id": {}}, "columns": {c: {} for c in ("name", "revenue", "modstamp", "i")}}
    system.config["tables"] = [
        *({"old": f"a_{n}", "new": f"a_{n}", **same} for n in range(13)), PAIR
    ]  # fmt: skip
    return system


def first_screen(browser: Browser, page: str, folder) -> list[str]:
    path = folder / "page.html"
    path.write_text(page + LOOK.replace("HEIGHT", str(HEIGHT)), encoding="utf-8")
    return json.loads(html.unescape(browser.open(path.as_uri()).text))


def test_the_verdict_the_worst_column_and_its_samples_need_no_scrolling(system, browser, tmp_path):
    seen = first_screen(browser, as_html(system.compare(values=True)), tmp_path)
    assert seen[0] == "The tables do not agree"
    assert seen[1].startswith("dim_account: row accuracy: 96.90 % of 1,000 keys")
    worst = seen.index("account_name differs")
    assert seen[worst + 1 : worst + 3] == ["97.88 %", "21"]
    assert "001000000000100AAA: Name 100 → Name 100 Mallory" in seen[worst + 3]
    lost = seen.index("missing in the new table")
    assert "001000000000000AAA" in seen[lost + 3]
    assert worst < seen.index("revenue differs") < lost


def test_without_values_no_personal_data_is_in_any_report(system, browser, tmp_path):
    report = system.compare()
    page = as_html(report)
    assert "Mallory" not in page + as_markdown(report)
    seen = first_screen(browser, page, tmp_path)
    worst = seen.index("account_name differs")
    assert "001000000000100AAA" in seen[worst + 3]
    assert "<script" not in page


def test_long_values_do_not_push_the_rest_away(system, browser, tmp_path):
    report = system.compare(values=True)
    (table,) = (t for t in report.tables if t.name == "dim_account")
    counts = table.counts
    counts.differing = [
        replace(d, values=tuple((n, "x " * 4_000, "y" * 8_000) for n, _, _ in d.values))
        for d in counts.differing
    ]
    assert "missing in the new table" in first_screen(browser, as_html(report), tmp_path)


def test_a_pass_and_a_validation_say_so_at_once(browser, tmp_path):
    check = Check(table="Account", name="record counts", status=Status.PASS, figure="all there")
    table = TableReport(name="Account", old="Salesforce", new="raw", checks=[check], records=7)
    report = Report(
        run="r1",
        made_at=NOW,
        engine="duckdb",
        config="c",
        fingerprint="f",
        tables=[table],
        checks=[],
        kind=Kind.VALIDATION,
    )
    seen = first_screen(browser, as_html(report), tmp_path)
    assert seen[0] == "The new side is right"
    assert {"7", "1 of 1"} <= set(seen)


def earlier(report, *rights):
    """Runs before a report's, an hour apart; by each the thousandths of keys that are right."""
    now = as_dict(report)
    for hours, right in zip(range(len(rights), 0, -1), rights, strict=True):
        tables = [
            {**table, "status": "fail" if right < 1000 else "pass",
             "rows": {"keys": 1000, "unexplained": 1000 - right}}
            for table in now["tables"]
        ]  # fmt: skip
        yield {
            **now,
            "made_at": (NOW - timedelta(hours=hours)).isoformat(),
            "verdict": "fail" if right < 1000 else "pass",
            "tables": tables,
        }


def test_the_page_shows_how_the_runs_went(system, browser, tmp_path):
    report = system.compare()
    before = [*earlier(report, 1000, 1000, 995, 500, 1000)]
    page = as_html(report, [*before, {**before[0], "subject": "another org"}])
    seen = first_screen(browser, page, tmp_path)
    assert any(text.endswith("3 of the last 6 runs passed") for text in seen)
    svgs = re.findall(r'<svg [^>]*aria-label="[0-9]+ of the last 6 runs passed">(.*?)</svg>', page)
    assert len(svgs) == 1 + 14  # the verdicts, and each table
    of_worst = re.findall(r'class="([a-z-]+)".*?height="([0-9.]+)"><title>(.*?)<', svgs[1])
    assert [status for status, _, _ in of_worst] == ["pass"] * 2 + ["fail"] * 2 + ["pass", "fail"]
    heights = [float(height) for _, height, _ in of_worst]
    assert heights[0] == max(heights) > heights[2] > heights[3] == min(heights) > 0
    assert of_worst[2][2] == "2026-02-28 21:00 UTC: fail, 99.50 % right"


def test_a_run_without_rows_and_a_first_run_have_their_place_in_the_trend(system):
    report = system.compare()
    assert "over the runs" not in as_html(report)
    (before,) = earlier(report, 1000)
    for table in before["tables"]:
        table |= {"status": "not compared", "rows": None}
    page = as_html(report, [before] * 40)
    assert 'class="not-compared"' in page
    assert "of the last 20 runs passed" in page


def test_markdown_stays_short_with_many_tables(system):
    report = system.compare()
    report.tables *= 10
    lines = as_markdown(report).splitlines()
    assert len(lines) == LINES
    assert lines[0] == "# Comparison: ✗ fail"
    assert lines[-1].endswith("lines more in the HTML report")
