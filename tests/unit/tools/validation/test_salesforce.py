"""Raw's number of records against a demo org's."""

from datetime import datetime

import pytest

from lakehouse_jobs.contract.objects import ObjectsConfig
from lakehouse_tools.comparison.checks import Status
from lakehouse_tools.comparison.engines.duck import DuckDbEngine
from tests.unit.tools.validation.conftest import Raw, living


def test_a_whole_copy_passes(raw, contacts):
    found = raw.checks()
    assert {c.status for c in found.values()} == {Status.PASS}, found
    assert raw.records == len(contacts)
    assert f"{len(contacts):,} records in 7 fields" in found["sampled records"].figure


def test_versions_that_are_over_and_records_that_are_gone_do_not_count(raw, contacts):
    earlier = "SELECT * REPLACE ('an old name' AS lastname, 0 AS _batch) FROM contact"
    dead = (
        "SELECT * REPLACE ('003000000000000AAA' AS id, n > 0 AS _is_deleted, n AS _batch)"
        " FROM (SELECT * FROM contact LIMIT 1), range(2) t(n)"
    )
    columns = "SELECT * EXCLUDE n"
    change = f"FROM contact UNION ALL ({earlier}) UNION ALL ({columns} FROM ({dead}))"
    found = raw.checks(change)
    assert {c.status for c in found.values()} == {Status.PASS}, found
    assert raw.records == len(contacts)


def test_one_lost_record_and_one_too_many(raw, contacts):
    newest = max(contacts, key=lambda r: r["SystemModstamp"])["Id"]
    found = raw.checks(f"FROM contact WHERE id <> '{newest}'")
    assert found["record counts"].status is Status.FAIL
    assert "--mode reconcile` fetches them" in found["record counts"].text
    assert f"{newest} (missing in raw)" in found["sampled records"].figure
    extra = "SELECT * REPLACE ('003000000000000AAA' AS id) FROM contact LIMIT 1"
    found = raw.checks(f"FROM contact UNION ALL ({extra})")
    assert found["record counts"].status is Status.FAIL
    assert "finds hard deletes" in found["record counts"].text
    assert "003000000000000AAA (gone)" in found["sampled records"].figure


def test_what_changed_since_the_watermark_is_allowed_for(raw, contacts):
    """Half of the org has changed since: raw may hold any number in between, and no other."""
    stamps = sorted(r["SystemModstamp"] for r in contacts)
    raw.watermark = datetime.fromisoformat(stamps[len(stamps) // 2])
    born = f"WHERE createddate < '{raw.watermark.isoformat()}'"  # what raw can hold at most
    since = f"{born} AND systemmodstamp < '{raw.watermark.isoformat()}'"
    found = raw.checks(f"FROM contact {born}")
    most = raw.records
    assert found["record counts"].status is Status.PASS
    assert " changed: " in found["record counts"].figure
    assert found["sampled records"].status is Status.PASS
    assert "more changed since" in found["sampled records"].figure
    assert raw.checks(f"FROM contact {since}")["record counts"].status is Status.PASS
    assert 0 < raw.records < most
    one_less = f"FROM contact {since} AND id <> (SELECT min(id) FROM contact {since})"
    assert raw.checks(one_less)["record counts"].status is Status.FAIL


@pytest.mark.parametrize("name", ["Task", "Event"])
def test_archived_activities_count_and_are_sampled(served, tmp_path, name):
    org, _ = served
    archived = org.rest.first(
        f"SELECT COUNT() FROM {name} WHERE IsArchived = true AND IsDeleted = false", deleted=True
    )
    assert archived.total
    objects = ObjectsConfig.from_text(
        f'{{"groups": {{"all": {{"include": ["{name}"]}}}}}}', where="test"
    )
    with DuckDbEngine(threads=1) as engine:
        activities = Raw(engine, org, tmp_path, living(org, name), name)
        found = activities.checks("SELECT * FROM contact", objects)
    assert {c.status for c in found.values()} == {Status.PASS}, found
