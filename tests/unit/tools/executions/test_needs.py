from datetime import UTC, datetime, timedelta

from lakehouse_jobs.contract.runs import blank_outcome
from lakehouse_tools.executions.needs import URGENT, Kind, needs
from lakehouse_tools.executions.states import ObjectState, Told

NOW = datetime(2026, 2, 1, tzinfo=UTC)


def state(name, *outcomes, **more):
    told = tuple(
        Told(execution=f"e{9 - n}", outcome={**blank_outcome("sales", name), **o})  # type: ignore[typeddict-item]
        for n, o in enumerate(outcomes)
    )
    return ObjectState(**{"name": name, "rows": 1, "watermark": NOW, "told": told, **more})


def test_what_is_well_needs_nobody(account, stack):
    well = state("Account", {"status": "landed"}, limit_minutes=60)
    assert needs(account, stack, [well], NOW) == []


def test_each_finding_says_what_to_do_and_the_gravest_comes_first(account, stack):
    blocked = {"what": "Tier__c", "message": "Tier__c is new", "accept": '"accept": ["Tier__c"]'}
    found = needs(
        account,
        stack,
        [
            state(
                "Account",
                {"status": "skipped"},
                {"status": "unchanged", "blocked": [blocked], "rejected": 3},
                unfilled={"tier__c": 12_000, "x__c": None},
            ),
            state(
                "Lead",
                {"status": "failed", "message": "refused; check the user"},
                watermark=NOW - timedelta(hours=30),
                limit_minutes=1_500,
            ),
            state("Task", watermark=None, waiting_since=NOW - timedelta(days=2), limit_minutes=5),
        ],
        NOW,
    )
    assert [(n.kind, n.object) for n in found] == [
        (Kind.FAILED, "Lead"),
        (Kind.STALE, "Lead"),
        (Kind.STALE, "Task"),
        (Kind.BLOCKED, "Account"),
        (Kind.REJECTED, "Account"),
        (Kind.UNFILLED, "Account"),
        (Kind.UNFILLED, "Account"),
    ]
    assert [n.kind in URGENT for n in found] == [True] * 3 + [False] * 4
    text = {(n.kind, n.object): f"{n.text} -> {n.remedy}" for n in found}
    assert text[Kind.FAILED, "Lead"] == "refused; check the user -> None"
    assert "stands 1 d 6 h ago; its limit is 1 d 1 h" in text[Kind.STALE, "Lead"]
    assert "with `lakehouse run --env dev`" in text[Kind.STALE, "Lead"]
    assert text[Kind.STALE, "Task"].startswith("was never read; its limit is 5 m 00 s")
    assert text[Kind.BLOCKED, "Account"].endswith('salesforce_objects.json: "accept": ["Tier__c"]')
    assert "3 values" in text[Kind.REJECTED, "Account"]
    assert "_rejected" in text[Kind.REJECTED, "Account"]
    assert "12,000 records" in found[5].text
    assert "not counted yet" in found[6].text


def test_what_was_blocked_is_told_by_the_last_run_that_read_the_object(account, stack):
    blocked = {"what": "T", "message": "T is new", "accept": "line"}
    accepted = state("Account", {"status": "landed"}, {"status": "landed", "blocked": [blocked]})
    assert needs(account, stack, [accepted], NOW) == []
