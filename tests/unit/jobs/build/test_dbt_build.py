import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar

import pytest
from botocore.exceptions import ClientError

from lakehouse_jobs.build.catalog import Table
from lakehouse_jobs.build.erased import Model
from lakehouse_jobs.build.errors import CatalogError, DbtError
from lakehouse_jobs.build.selection import Source
from lakehouse_jobs.build.settings import BuildSettings
from lakehouse_jobs.entry import dbt_build

SETTINGS = BuildSettings(
    lake_bucket="lake",
    raw_database="raw",
    staging_database="staging",
    intermediate_database="intermediate",
    marts_database="marts",
    session_prefix="p",
    failed_objects=("Lead",),
    execution_name="e1",
)
READ_UNTIL = datetime(2026, 1, 4, 3, tzinfo=UTC)
TABLES: dict[str, dict[str, Table]] = {
    "raw": {
        "account": Table(columns={"id": "string"}, batch=6, watermark=READ_UNTIL),
        "contact": Table(columns={}),
        "lead": Table(columns={}, batch=4),
        "other": Table(columns={}, batch=9),
    },
    "staging": {"stg_a": Table(columns={"a": "string"})},
    "intermediate": {},
    "marts": {},
}
TESTED = "lake/runs/_tested.json"
UPKEEP = "lake/runs/_upkeep.json"
LONG_AGO = b'{"begun_at": "2026-01-01T00:00:00+00:00"}'


class Project:
    """Stands for dbt; keeps what it was told."""

    told: dict[str, Any]
    error: Exception | None = None
    status = "success"
    models: ClassVar[list[Model]] = []

    def __init__(self, folder: Path) -> None:
        type(self).told = {"folder": folder}

    @property
    def sources(self) -> list[Source]:
        names = ("account", "case", "contact", "lead")
        day = timedelta(days=1)
        return [Source(source="salesforce", table=name, fresh_for=day) for name in names]

    def has_macro(self, name: str) -> bool:
        return name == "upkeep"

    def operate(self, macro: str, arguments: dict[str, Any]) -> list[str]:
        self.told[macro] = arguments
        return ["upkeep of marts.dim_a: gone"]

    def build(self, **options: Any) -> tuple[bool, list[dict[str, Any]]]:
        if self.error:
            raise self.error
        self.told.update(options)
        return True, [{"unique_id": "model.lakehouse.m", "status": self.status}]


class S3:
    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.refuses: str | None = None
        self.writes = 0  # after so many no more are taken; 0: all are
        self.written = 0

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        if self.refuses:
            raise ClientError({"Error": {"Code": self.refuses}}, "GetObject")
        if f"{Bucket}/{Key}" not in self.objects:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        return {"Body": BytesIO(self.objects[f"{Bucket}/{Key}"])}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, ContentType: str) -> None:  # noqa: N803
        self.written += 1
        if self.writes and self.written > self.writes:
            raise ClientError({"Error": {"Code": "SlowDown"}}, "PutObject")
        self.objects[f"{Bucket}/{Key}"] = Body


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch) -> type[Project]:
    monkeypatch.setattr(dbt_build, "Project", Project)
    monkeypatch.setattr(dbt_build.catalog, "tables", lambda name, client: TABLES[name])
    monkeypatch.setattr(Project, "error", None)
    return Project


def test_what_failed_or_is_missing_is_left_out_and_said(
    project: type[Project], capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = dbt_build.build(SETTINGS, folder=Path("project"), glue=None, s3=S3())

    assert outcome["status"] == "succeeded"
    assert outcome["excluded"] == ["salesforce.case", "salesforce.lead"]
    assert [source.table for source in project.told["leave_out"]] == ["case", "lead"]
    assert project.told["folder"] == Path("project")
    out = capsys.readouterr().out
    assert "salesforce.case: it has no raw table yet" in out
    assert "salesforce.lead: its extraction failed" in out


def test_dbt_is_told_the_columns_that_the_catalog_knows(project: type[Project]) -> None:
    dbt_build.build(SETTINGS, folder=Path(), glue=None, s3=S3())

    assert project.told["known_columns"] == {
        "raw.account": {"id": "string"},
        "staging.stg_a": {"a": "string"},
    }


def test_dbt_is_told_where_raw_ends(project: type[Project]) -> None:
    dbt_build.build(SETTINGS, folder=Path(), glue=None, s3=S3())

    assert project.told["raw_batches"] == {"account": 6, "lead": 4, "other": 9}
    assert project.told["raw_watermarks"] == {"account": READ_UNTIL}


def test_a_source_that_is_old_is_a_warning_of_the_build(
    project: type[Project], capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = dbt_build.build(SETTINGS, folder=Path(), glue=None, s3=S3())

    [warning] = outcome["warnings"]  # of others no watermark is known
    assert warning.startswith("salesforce.account has been read up to 2026-01-04 03:00 UTC, ")
    assert f"warning: {warning}" in capsys.readouterr().out
    assert outcome["status"] == "succeeded"


@pytest.mark.parametrize("wanted", [True, False])
def test_dbt_is_told_of_a_full_refresh(project: type[Project], wanted: bool) -> None:
    dbt_build.build(replace(SETTINGS, full_refresh=wanted), folder=Path(), glue=None, s3=S3())

    assert project.told["full_refresh"] is wanted


@pytest.mark.parametrize("wanted", [(), ("tag:daily", "staging.erp+")])
def test_dbt_is_told_what_to_build(project: type[Project], wanted: tuple[str, ...]) -> None:
    dbt_build.build(replace(SETTINGS, select=wanted), folder=Path(), glue=None, s3=S3())

    assert project.told["select"] == wanted


def test_a_build_of_some_models_is_not_remembered_as_one_of_all(project: type[Project]) -> None:
    s3 = S3()

    dbt_build.build(replace(SETTINGS, models=("tag:core",)), folder=Path(), glue=None, s3=s3)

    assert project.told["select"] == ("tag:core",)
    assert "lake/runs/_built.json" not in s3.objects


def built(s3: S3) -> Any:
    return json.loads(s3.objects["lake/runs/_built.json"])


def test_what_was_read_is_noted_and_the_rest_stays(project: type[Project]) -> None:
    s3 = S3()
    s3.objects["lake/runs/_built.json"] = b'{"account": 5, "lead": 3}'

    dbt_build.build(SETTINGS, folder=Path(), glue=None, s3=s3)

    assert built(s3) == {"account": 6, "lead": 3}  # Lead failed; "other" is no source


@pytest.mark.parametrize("before", [None, b"[]", b"{"])
def test_a_note_that_is_missing_or_broken_is_written_anew(
    project: type[Project], before: bytes | None
) -> None:
    s3 = S3()
    if before is not None:
        s3.objects["lake/runs/_built.json"] = before

    dbt_build.build(SETTINGS, folder=Path(), glue=None, s3=s3)

    assert built(s3) == {"account": 6}


def test_a_build_that_failed_notes_nothing(
    project: type[Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    s3 = S3()
    monkeypatch.setattr(project, "status", "error")
    dbt_build.build(SETTINGS, folder=Path(), glue=None, s3=s3)
    monkeypatch.setattr(project, "error", DbtError("dbt broke off: no session"))
    dbt_build.build(SETTINGS, folder=Path(), glue=None, s3=s3)

    assert s3.objects.keys() - {UPKEEP} == {TESTED}
    assert s3.objects[TESTED] == b"{}"


def counted_as_tested(project: type[Project], s3: S3, **given: Any) -> dict[str, int]:
    """What a build tells dbt."""
    dbt_build.build(replace(SETTINGS, **given), folder=Path(), glue=None, s3=s3)
    return project.told["tested_batches"]


def test_data_tests_go_on_where_a_build_that_succeeded_ended(project: type[Project]) -> None:
    s3 = S3()

    assert counted_as_tested(project, s3) == {}
    assert counted_as_tested(project, s3) == {"account": 6}
    whole_at = json.loads(s3.objects[TESTED])["whole_at"]
    assert counted_as_tested(project, s3, failed_objects=("Account", "Lead")) == {"account": 6}
    # Account was left out: what came of it is tested up to where it was.
    assert json.loads(s3.objects[TESTED])["batches"] == {"account": 6}
    assert json.loads(s3.objects[TESTED])["whole_at"] == whole_at


@pytest.mark.parametrize("before", [None, b"[]", b"{", b'{"batches": 1}', b"{}"])
def test_without_a_note_of_ours_nothing_counts_as_tested(
    project: type[Project], before: bytes | None
) -> None:
    s3 = S3()
    if before is not None:
        s3.objects[TESTED] = before

    assert counted_as_tested(project, s3) == {}


def test_after_a_build_that_failed_or_died_nothing_counts_as_tested(
    project: type[Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    s3 = S3()
    counted_as_tested(project, s3)

    with monkeypatch.context() as patch:
        patch.setattr(project, "status", "error")
        assert counted_as_tested(project, s3) == {"account": 6}
    assert counted_as_tested(project, s3) == {}

    with monkeypatch.context() as patch:
        patch.setattr(project, "error", KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            counted_as_tested(project, s3)
    assert counted_as_tested(project, s3) == {}


def test_a_build_of_some_models_leaves_what_is_tested_as_it_was(project: type[Project]) -> None:
    s3 = S3()
    counted_as_tested(project, s3)
    before = s3.objects[TESTED]

    assert counted_as_tested(project, s3, models=("tag:core",)) == {"account": 6}

    assert s3.objects[TESTED] == before


def test_a_full_refresh_and_other_models_test_all_rows(project: type[Project]) -> None:
    s3 = S3()
    counted_as_tested(project, s3)

    assert counted_as_tested(project, s3, full_refresh=True) == {}
    assert counted_as_tested(project, s3) == {"account": 6}
    assert counted_as_tested(project, s3, select=("tag:daily",)) == {}
    assert counted_as_tested(project, s3, select=("tag:daily",)) == {"account": 6}


@pytest.mark.parametrize("models", [(), ("tag:core",)])
def test_a_note_that_cannot_be_left_after_a_good_build_is_a_warning(
    project: type[Project], capsys: pytest.CaptureFixture[str], models: tuple[str, ...]
) -> None:
    s3 = S3()
    s3.writes = 1  # the note of what was tested is taken away; then S3 takes no more

    outcome = dbt_build.build(replace(SETTINGS, models=models), folder=Path(), glue=None, s3=s3)

    assert outcome["status"] == "succeeded"
    assert outcome["counts"] == {"success": 1}
    told = " ".join(outcome["warnings"])
    assert "s3://lake/runs/_tested.json cannot be written" in told
    assert ("s3://lake/runs/_built.json cannot be written" in told) == (not models)
    assert "s3://lake/runs/_tested.json cannot be written" in capsys.readouterr().out
    assert s3.objects == {TESTED: b"{}"}  # the next build builds, and tests all rows


def test_a_note_that_cannot_be_read_fails_the_build(project: type[Project]) -> None:
    s3 = S3()
    s3.refuses = "SlowDown"

    outcome = dbt_build.build(SETTINGS, folder=Path(), glue=None, s3=s3)

    assert outcome["status"] == "failed"
    assert "s3://lake/runs/_tested.json cannot be read" in str(outcome["cause"])
    assert "the build's role may read it" in str(outcome["cause"])


def test_a_dbt_that_broke_off_is_an_outcome(
    project: type[Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project, "error", DbtError("dbt broke off: no session"))

    outcome = dbt_build.build(SETTINGS, folder=Path(), glue=None, s3=S3())

    assert outcome["status"] == "failed"
    assert outcome["cause"] == "dbt broke off: no session"
    assert outcome["excluded"] == ["salesforce.case", "salesforce.lead"]


def test_a_missing_database_is_an_outcome(
    project: type[Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str, client: Any) -> dict[str, Table]:
        raise CatalogError(f"the Glue database {name} does not exist; deploy the stack first")

    monkeypatch.setattr(dbt_build.catalog, "tables", missing)

    outcome = dbt_build.build(SETTINGS, folder=Path(), glue=None, s3=S3())

    assert outcome["cause"] == "the Glue database raw does not exist; deploy the stack first"


def test_the_outcome_lies_where_the_state_machine_reads_it(project: type[Project]) -> None:
    s3 = S3()
    outcome = dbt_build.build(SETTINGS, folder=Path(), glue=None, s3=S3())

    dbt_build.record(outcome, SETTINGS, s3=s3)

    assert list(s3.objects) == ["lake/runs/e1/_dbt.json"]
    assert json.loads(s3.objects["lake/runs/e1/_dbt.json"]) == outcome


def test_a_missing_variable_ends_the_build_with_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("LAKE_BUCKET", raising=False)

    with pytest.raises(SystemExit, match="LAKE_BUCKET") as ended:
        dbt_build.main()

    assert isinstance(ended.value.code, str)


@pytest.mark.parametrize("status", ["success", "fail"])
def test_upkeep_follows_a_build_and_changes_nothing_of_it(
    project: type[Project], monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    """Tables are committed to while a data test fails, for weeks if need be."""
    s3 = S3()
    s3.objects[UPKEEP] = LONG_AGO
    monkeypatch.setattr(project, "status", status)

    outcome = dbt_build.build(SETTINGS, folder=Path(), glue=None, s3=s3)

    assert outcome["status"] == ("succeeded" if status == "success" else "failed")
    assert "upkeep of marts.dim_a: gone" in outcome["warnings"]
    assert project.told["upkeep"] == {"minutes": 15}
    assert s3.objects[UPKEEP] != LONG_AGO


def test_a_build_of_some_models_leaves_upkeep_to_the_next(project: type[Project]) -> None:
    s3 = S3()
    s3.objects[UPKEEP] = LONG_AGO

    dbt_build.build(replace(SETTINGS, models=("tag:core",)), folder=Path(), glue=None, s3=s3)

    assert "upkeep" not in project.told
    assert s3.objects[UPKEEP] == LONG_AGO


def test_a_build_whose_time_is_nearly_over_leaves_upkeep_to_the_next(
    project: type[Project],
) -> None:
    s3 = S3()
    s3.objects[UPKEEP] = LONG_AGO

    dbt_build.build(replace(SETTINGS, timeout_minutes=3), folder=Path(), glue=None, s3=s3)

    assert "upkeep" not in project.told


def erased(project: type[Project], *names: str) -> BuildSettings:
    models = [
        Model(name=name, database="staging", table=name, sources=("account",)) for name in names
    ]
    project.models = models
    return replace(SETTINGS, failed_objects=(), erased_objects=("Account",))


def test_after_an_erasure_what_is_made_of_the_object_is_built_anew_and_no_note_is_left(
    project: type[Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    s3 = S3()
    s3.objects[UPKEEP] = LONG_AGO
    before = dict(s3.objects)
    settings = erased(project, "stg_a", "never_built")
    outcome = dbt_build.build(settings, folder=Path(), glue=None, s3=s3)

    assert outcome["status"] == "succeeded"
    assert project.told["select"] == ("stg_a",)
    assert project.told["full_refresh"] is True
    assert project.told["tested_batches"] == {}
    # One that fails would keep the tables below it as they were.
    assert project.told["data_tests"] is False
    assert s3.objects == before
    assert "upkeep" not in project.told


def test_where_nothing_was_built_of_the_object_dbt_does_not_start(project: type[Project]) -> None:
    """Without a selector it would build everything."""
    settings = erased(project, "never_built")
    outcome = dbt_build.build(settings, folder=Path(), glue=None, s3=S3())
    assert outcome["status"] == "succeeded"
    assert "select" not in project.told


def test_a_table_that_cannot_be_rebuilt_fails_the_build(project: type[Project]) -> None:
    settings = replace(erased(project, "stg_a"), failed_objects=("Account",))
    outcome = dbt_build.build(settings, folder=Path(), glue=None, s3=S3())
    assert outcome["status"] == "failed"
    assert "staging.stg_a may hold erased records" in (outcome["cause"] or "")
    assert "select" not in project.told
