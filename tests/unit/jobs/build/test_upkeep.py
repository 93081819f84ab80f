import json
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lakehouse_jobs.build import upkeep

NOW = datetime(2026, 3, 1, 2, tzinfo=UTC)


class Project:
    """Stands for dbt; keeps what it was told."""

    def __init__(self, *macros: str) -> None:
        self.macros, self.told = macros, []

    def has_macro(self, name: str) -> bool:
        return name in self.macros

    def operate(self, macro: str, arguments: dict[str, Any]) -> list[str]:
        self.told.append((macro, arguments))
        return []


class S3:
    """One note, or an answer of S3 that is none."""

    def __init__(self, note: object = None, *, refuses: str | None = None) -> None:
        self.note, self.refuses = note, refuses

    def get_object(self, **_: Any) -> dict[str, Any]:
        if self.refuses or self.note is None:
            raise ClientError({"Error": {"Code": self.refuses or "NoSuchKey"}}, "GetObject")
        return {"Body": BytesIO(json.dumps(self.note).encode())}

    def put_object(self, *, Body: bytes, **_: Any) -> None:  # noqa: N803
        self.note = json.loads(Body)


def keep(project: Any, s3: S3, *, minutes: int = 15) -> list[str]:
    return upkeep.keep(project, minutes=minutes, now=NOW, bucket="lake", s3=s3)


@pytest.mark.parametrize(("hours", "due"), [(0.25, False), (19.9, False), (20, True), (900, True)])
def test_tables_are_kept_once_a_day(hours: float, due: bool) -> None:
    """Also by a nightly schedule whose starts are a few minutes apart from a day."""
    project = Project("upkeep")
    before = {"begun_at": (NOW - timedelta(hours=hours)).isoformat()}
    s3 = S3(before)

    assert keep(project, s3) == []

    assert project.told == ([("upkeep", {"minutes": 15})] if due else [])
    assert s3.note == ({"begun_at": NOW.isoformat()} if due else before)


@pytest.mark.parametrize("note", [None, {}, {"begun_at": 5}, {"begun_at": "yesterday"}])
def test_a_lake_without_a_note_begins_its_first_day(note: object) -> None:
    project, s3 = Project("upkeep"), S3(note)

    assert keep(project, s3) == []

    assert project.told == []
    assert s3.note == {"begun_at": NOW.isoformat()}


def test_upkeep_that_dies_is_not_tried_with_each_build() -> None:
    project, s3 = Project("upkeep"), S3({"begun_at": "2026-01-01T00:00:00+00:00"})

    def killed(*_: Any) -> list[str]:
        raise KeyboardInterrupt

    project.operate = killed  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        keep(project, s3)

    assert s3.note == {"begun_at": NOW.isoformat()}


def test_a_project_of_ones_own_without_the_macro_is_left_alone() -> None:
    s3 = S3({"begun_at": "2026-01-01T00:00:00+00:00"})

    assert keep(Project("other"), s3) == []
    assert s3.note == {"begun_at": "2026-01-01T00:00:00+00:00"}


def test_a_note_that_cannot_be_read_is_said_and_fails_nothing() -> None:
    [said] = keep(Project("upkeep"), S3(refuses="SlowDown"))

    assert said.startswith("the upkeep of tables was not begun: s3://lake/runs/_upkeep.json ")


@pytest.mark.parametrize(
    ("build", "elapsed", "minutes"),
    [(None, 9e9, 15), (245, 600, 15), (245, 230 * 60, 7), (245, 242 * 60, 0), (5, 0, 2)],
)
def test_upkeep_takes_at_most_half_of_what_is_left(
    build: int | None, elapsed: float, minutes: int
) -> None:
    assert upkeep.minutes_for(build=build, elapsed=elapsed) == minutes
