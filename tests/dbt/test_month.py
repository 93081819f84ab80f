"""Marts built build by build are those built in one go from raw, row by row."""

import json
from collections import Counter
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.dbt import oracle, oracle_stages
from tests.dbt.builds import assert_one_build_gives_the_same, land_and_build
from tests.dbt.month import DAILY, DELIVERIES, KINDS, day, deliveries
from tests.dbt.page import OTHERS, STAGING

# Five builds are one test's fixture: on a busy machine that is long.
pytestmark = [pytest.mark.local_aws, pytest.mark.timeout(2400)]

Lake = Any  # of conftest.py, which tests cannot import
VERSIONS = {kind.table: oracle.versions(deliveries(kind)) for kind in KINDS}


@pytest.fixture(scope="module")
def month(lake: Lake) -> Lake:
    """The lake after five builds of unequal length; each build stands on the one before."""
    land_and_build(lake, DELIVERIES, failed_at=2)
    return lake


@pytest.mark.parametrize("ends", [DELIVERIES, DAILY], ids=["five", "thirty"])
def test_the_month_has_what_a_history_must_survive(ends: tuple[float, ...]) -> None:
    """A late version that makes a row vanish; a change without a stamp; a deletion found late."""
    vanished = 0
    for of in oracle.DIMENSIONS.values():
        kind = next(kind for kind in KINDS if kind.table == of.table)
        seen: set[tuple[str, datetime]] = set()
        for place in range(len(ends)):
            known = oracle.versions(deliveries(kind, ends)[: place + 1])
            periods = {(p.id, p.valid_from) for p in oracle.histories(known, of.columns)}
            vanished += len(seen - periods)
            seen = periods

    assert vanished
    rows = [row for kind in KINDS for brought in deliveries(kind, ends) for row in brought]
    assert {row.get("_change", "read") for row in rows} == {"read", "resync", "hard_delete"}


def test_five_builds_equal_one_from_raw_by_hand(month: Lake) -> None:
    """tests/dbt/test_thirty_builds.py holds one of the pipeline's against them."""
    assert_one_build_gives_the_same(month, by_hand=True)


@pytest.mark.parametrize("dimension", oracle.DIMENSIONS)
def test_histories_are_those_of_the_versions(month: Lake, dimension: str) -> None:
    of = oracle.DIMENSIONS[dimension]
    expected = [
        (p.id, p.valid_from, p.valid_to, p.valid_to is None, p.deleted, *p.values.values())
        for p in oracle.histories(VERSIONS[of.table], of.columns)
    ]
    names = ["valid_from", "valid_to", "is_current", "is_closed_by_deletion", *of.columns.values()]

    rows = month.rows("marts", dimension)

    assert sorted(tuple(row[name] for name in (of.key, *names)) for row in rows) == sorted(expected)


def test_facts_have_the_current_version_of_every_record(month: Lake) -> None:
    for fact, tables in oracle.FACTS.items():
        expected = {
            id: (row["_is_deleted"], row["_batch"])
            for table in tables
            for id, row in oracle.current(VERSIONS[table]).items()
        }

        rows = month.rows("marts", fact)

        found = {row[next(iter(row))]: (row["is_deleted"], row["_batch"]) for row in rows}
        assert found == expected, fact


def test_what_is_no_meeting_of_its_own_is_flagged(month: Lake) -> None:
    expected = {
        id: (row["ischild"], row["groupeventtype"] == "3")
        for id, row in oracle.current(VERSIONS["event"]).items()
    }

    rows = month.rows("marts", "fct_activities")

    assert len(set(expected.values())) == 4
    assert expected == {
        row["activity_id"]: (row["is_invitation"], row["is_series"])
        for row in rows
        if row["activity_type"] == "Event"
    }


def test_the_pipeline_is_that_of_each_days_end(month: Lake) -> None:
    of = oracle.DIMENSIONS["dim_opportunity"]
    periods = oracle.histories(VERSIONS[of.table], of.columns)
    expected = oracle.pipeline(periods, day(DELIVERIES[0]).date(), day(DELIVERIES[-1]).date())

    rows = month.rows("marts", "rpt_pipeline_by_day")

    assert expected == {
        (row["pipeline_date"], row["stage_name"]): (
            row["open_opportunities"],
            row["open_amount"],
            row["open_weighted_amount"],
        )
        for row in rows
    }


def test_days_run_from_the_day_of_creation(month: Lake) -> None:
    fields = {
        "fct_leads": ("lead", "days_to_convert", "isconverted", "converteddate"),
        "fct_campaign_members": (
            "campaignmember", "days_to_respond", "hasresponded", "firstrespondeddate",
        ),
        "fct_opportunities": ("opportunity", "days_to_close", "outcome", "closedate"),
    }  # fmt: skip
    for fact, (table, days, ended, end) in fields.items():
        expected = {
            id: (row[end] - row["createddate"].date()).days
            if row[ended] not in (False, "Open") and row[end]
            else None
            for id, row in oracle.current(VERSIONS[table]).items()
        }

        rows = month.rows("marts", fact)

        assert {row[next(iter(row))]: row[days] for row in rows} == expected, fact


def test_stages_change_and_are_reached_as_the_entries_tell(month: Lake) -> None:
    changes = oracle_stages.stage_changes(VERSIONS["opportunityhistory"])
    funnel = oracle_stages.funnel(VERSIONS["opportunity"], changes)

    rows = month.rows("marts", "fct_opportunity_stage_changes")
    reached = month.rows("marts", "rpt_sales_funnel")

    assert len({change.direction for change in changes.values()}) == 7
    assert changes == {
        row["opportunity_history_id"]: oracle_stages.Change(
            opportunity=row["opportunity_id"],
            before=row["from_stage_name"],
            after=row["to_stage_name"],
            direction=row["direction"],
        )
        for row in rows
    }
    assert funnel == {
        (row["created_month"], row["stage_name"]): (
            row["created_opportunities"],
            row["reached_opportunities"],
            row["reached_amount"],
        )
        for row in reached
    }


def test_the_page_says_what_was_sold(month: Lake) -> None:
    opportunities = oracle.current(VERSIONS["opportunity"])
    won = {
        id
        for id, row in opportunities.items()
        if row["outcome"] == "Won" and not row["_is_deleted"]
    }
    lines = [
        row
        for row in oracle.current(VERSIONS["opportunitylineitem"]).values()
        if row["opportunityid"] in won and not row["_is_deleted"]
    ]

    names, rows = month.ask(asked_for("below_list_price"))

    sold = {row[0]: (float(row[1]), Decimal(row[2])) for row in rows}
    assert names[:3] == ["product_name", "units", "total_price"]
    assert 0 < len(lines) < len(VERSIONS["opportunitylineitem"])
    assert sum(units for units, _ in sold.values()) == sum(row["quantity"] for row in lines)
    assert sum(price for _, price in sold.values()) == sum(
        oracle.cents(row["totalprice"]) for row in lines
    )


def test_the_page_says_how_far_opportunities_came(month: Lake) -> None:
    changes = oracle_stages.stage_changes(VERSIONS["opportunityhistory"])
    funnel = oracle_stages.funnel(VERSIONS["opportunity"], changes)
    created = sum(c for (_, stage), (c, _, _) in funnel.items() if stage == "Prospecting")
    reached = Counter[str]()
    for (_, stage), (_, many, _) in funnel.items():
        reached[stage] += many

    _, rows = month.ask(asked_for("rpt_sales_funnel"))

    assert {row[0]: (int(row[1]), float(row[2])) for row in rows} == {
        stage: (many, float((100 * Decimal(many) / created).quantize(Decimal("0.1"))))
        for stage, many in reached.items()
    }


def asked_for(words: str) -> str:
    """The query of the page that has these words."""
    [query] = [each for each in OTHERS if words in each]
    return query


def test_unit_tests_of_the_project(month: Lake) -> None:
    manifest = json.loads((month.project / "target" / "manifest.json").read_text())

    log = month.by_hand("test", "--select", "test_type:unit")

    assert f"PASS={len(manifest['unit_tests'])} " in log, log


@pytest.mark.parametrize("query", OTHERS, ids=range(len(OTHERS)))
def test_the_page_for_analysts_holds_what_athena_answers(month: Lake, query: str) -> None:
    names, rows = month.ask(query.replace(STAGING, month.database("staging")))

    assert len(set(names)) == len(names)
    # The small org has no account of the id that the page names.
    assert rows or "contains(" in query
