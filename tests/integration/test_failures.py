"""What goes wrong, through the deployed pipeline: one line that says what to do, and no harm."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lakehouse_local.home import Home
from lakehouse_local.salesforce_org import lifecycle
from tests.integration.conftest import AFTER_THE_DEMO
from tests.until import until

pytestmark = [pytest.mark.local_aws, pytest.mark.timeout(900)]


def assert_one_line(result: Any, *words: str, status: int = 1) -> None:
    assert result.status == status, result.out + result.err
    for word in words:
        assert word in result.last_error
    assert "Traceback" not in result.err + result.out


def test_one_failed_object_leaves_the_others_standing(lakehouse: Any, org: Any) -> None:
    lifecycle.change(lakehouse.home)
    before = watermark(lakehouse, "lead")
    # Not only "Lead": other objects have a field LeadSource, and a small query is in the path.
    mood = {"action": "error", "path": r"FROM\WLead\W", "status": 400, "times": 1000}
    org.call("POST", "moods", **mood, code="INVALID_FIELD", message="No such column on Lead")
    result = lakehouse.run("run", "--plain")
    assert_one_line(result, "Lead", "of 14 objects failed", "No such column on Lead")
    outcomes = lakehouse.outcomes(lakehouse.executions()[0]["name"])
    assert outcomes["Lead"]["status"] == "failed"
    landed = {n for n, o in outcomes.items() if o["status"] == "landed"}
    assert {"Account", "Opportunity"} <= landed
    assert watermark(lakehouse, "lead") == before < watermark(lakehouse, "account")

    org.call("DELETE", "moods")
    assert lakehouse.run("run", "--plain").status == 0
    again = lakehouse.outcomes(lakehouse.executions()[0]["name"])
    assert again["Lead"]["status"] == "landed"
    assert again["Lead"]["watermark_before"] == before < watermark(lakehouse, "lead")


def watermark(lakehouse: Any, table: str) -> str:
    found = lakehouse.catalog().load_table((lakehouse.outputs["RawDatabase"], table))
    return found.properties["lakehouse.watermark"]


def test_a_raw_table_that_somebody_dropped_is_taken_up_and_built_on(lakehouse: Any) -> None:
    database, catalog = lakehouse.outputs["RawDatabase"], lakehouse.catalog()
    batch = int(catalog.load_table((database, "account")).properties["lakehouse.batch"])
    lakehouse.client("glue").delete_table(DatabaseName=database, Name="account")
    lifecycle.change(lakehouse.home)
    result = lakehouse.run("run", "--plain")
    assert_one_line(result, "Account", "its data files are there", "lakehouse register Account")
    assert "account" not in {name for _, name in catalog.list_tables(database)}

    assert_one_line(lakehouse.run("register"), "say --yes to register", status=2)
    registered = lakehouse.run("register", "--yes")
    assert registered.status == 0, registered.err
    assert f"registered: {database}.account" in registered.out
    again = lakehouse.run("run", "--plain")
    assert again.status == 0, again.out + again.err
    table = catalog.load_table((database, "account"))
    assert int(table.properties["lakehouse.batch"]) == batch + 1
    mart = catalog.load_table((lakehouse.outputs["MartsDatabase"], "dim_account"))
    assert max(mart.scan().to_arrow()["_batch"].to_pylist()) == batch + 1


def test_a_run_without_news_starts_no_build(lakehouse: Any) -> None:
    build = lakehouse.client("codebuild")
    project = lakehouse.outputs["DbtProjectName"]
    lakehouse.run("run", "--plain")
    before = build.list_builds_for_project(projectName=project)["ids"]
    result = lakehouse.run("run", "--plain")
    assert result.status == 0, result.err
    assert build.list_builds_for_project(projectName=project)["ids"] == before


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"client_secret": "wrong"}, ("invalid_client",)),
        ({"instance_url": "http://127.0.0.1:9"}, ("127.0.0.1:9",)),
        ({"instance_url": "http://salesforce.example"}, ("http://salesforce.example",)),
    ],
)
def test_credentials_that_do_not_work(
    lakehouse: Any, org: Any, changed: dict[str, str], words: tuple[str, ...]
) -> None:
    lakehouse.fill_secret(**org.credentials | changed)
    result = lakehouse.run("run", "--objects", "Account", "--plain")
    assert_one_line(result, *words)


@pytest.fixture
def another_org(lakehouse: Any, tmp_path: Path) -> Iterator[lifecycle.OrgDetails]:
    """A demo org with an id of its own."""
    home = Home(root=tmp_path, port=lakehouse.home.port)
    yield lifecycle.start(home, records=1000, seed="7")
    lifecycle.stop(home)


def test_another_org_is_refused_before_anything_is_written(
    lakehouse: Any, another_org: lifecycle.OrgDetails
) -> None:
    before = {t: snapshot(lakehouse, t) for t in ("account", "lead")}
    lakehouse.fill_secret(
        instance_url=another_org.url,
        client_id=another_org.client_id,
        client_secret=another_org.client_secret,
    )
    result = lakehouse.run("run", "--objects", "Account,Lead", "--plain")
    assert_one_line(result, "org")
    assert {t: snapshot(lakehouse, t) for t in before} == before


def snapshot(lakehouse: Any, table: str) -> int | None:
    found = lakehouse.catalog().load_table((lakehouse.outputs["RawDatabase"], table))
    current = found.current_snapshot()
    return current and current.snapshot_id


def test_what_is_not_configured_starts_no_execution(lakehouse: Any) -> None:
    before = len(lakehouse.executions())
    result = lakehouse.run("run", "--objects", "Acount", "--plain")
    assert_one_line(result, "Acount", "Account", status=2)
    result = lakehouse.run("run", "--groups", "nope", "--plain")
    assert_one_line(result, "nope", "sales", status=2)
    assert len(lakehouse.executions()) == before


def test_an_execution_for_an_unknown_object_fails_before_any_run(lakehouse: Any) -> None:
    """Started by somebody who does not use our command."""
    client = lakehouse.client("stepfunctions")
    arn = client.start_execution(
        stateMachineArn=lakehouse.outputs["StateMachineArn"], input='{"objects": ["Acount"]}'
    )["executionArn"]
    ended = until(
        lambda: client.describe_execution(executionArn=arn),
        lambda found: found["status"] != "RUNNING",
    )
    assert "Acount" in ended["cause"]
    report = lakehouse.run("report")
    assert (report.status, "failed: UnknownObject" in report.out) == (0, True), report.err


def test_a_mode_that_does_not_exist(lakehouse: Any) -> None:
    assert_one_line(lakehouse.run("run", "--mode", "sometimes"), "sometimes", status=2)


def test_a_port_in_use_is_named(lakehouse: Any) -> None:
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        other = type(lakehouse)(Home(root=lakehouse.home.root, port=server.server_port))
        assert_one_line(other.run("up", "--plain"), str(server.server_port))
        assert other.run("down", "--delete").status == 0
    finally:
        server.shutdown()
        server.server_close()


def test_data_survives_down_and_up(lakehouse: Any) -> None:
    before = lakehouse.raw("account", "id", "_batch")
    assert lakehouse.run("down").status == 0
    assert_one_line(lakehouse.run("status"), "lakehouse up")
    assert lakehouse.run("up", "--plain", "--demo-org").status == 0
    lakehouse.build_only(AFTER_THE_DEMO)  # a deployment's selection is all
    assert sorted(map(str, lakehouse.raw("account", "id", "_batch"))) == sorted(map(str, before))
    assert lakehouse.run("run", "--objects", "Account", "--plain").status == 0


def test_a_build_that_failed_is_named_with_its_rows_and_owed_until_one_succeeds(
    lakehouse: Any,
) -> None:
    """Two versions of a contact without an id: a fault of raw that no run can make."""
    table = lakehouse.catalog().load_table((lakehouse.outputs["RawDatabase"], "contact"))
    batch = int(table.properties["lakehouse.batch"])
    good = table.scan(limit=2).to_arrow()
    bad = good.set_column(
        good.schema.get_field_index("id"), "id", pa.array([None] * good.num_rows, pa.string())
    )
    bad = bad.set_column(
        bad.schema.get_field_index("_batch"), "_batch", pa.array([batch + 1] * good.num_rows)
    )
    table.append(bad)
    lifecycle.change(lakehouse.home)
    result = lakehouse.run("run", "--plain")
    assert_one_line(result, "dbt", "contact", "row")

    # Nothing new lands, and still the run must not end well while the marts are behind.
    assert_one_line(lakehouse.run("run", "--plain"), "dbt", "contact")
    table.refresh()
    table.delete("id is null")
    mended = lakehouse.run("run", "--full-refresh", "--plain")
    assert mended.status == 0, mended.err
    assert "dbt:" in mended.out
    quiet = lakehouse.run("run", "--plain")
    assert (quiet.status, "dbt built nothing" in quiet.out) == (0, True), quiet.out + quiet.err
