from lakehouse_jobs.contract.runs import blank_outcome
from lakehouse_tools.display.outcomes import notes, print_outcomes


def outcome(**more):
    return {**blank_outcome("sales", "Account"), "status": "landed", **more}


BUILD = {
    "status": "failed",
    "cause": "test unique_x: 3 rows",
    "counts": {"success": 2, "fail": 1},
    "failures": [
        {
            "node": "test.unique_x",
            "name": "unique_x",
            "kind": "test",
            "message": "Got 3 results",
            "failures": 3,
        }
    ],
    "warnings": ["salesforce.case is old"],
    "excluded": ["salesforce.lead"],
    "seconds": 12.0,
}


def test_a_row_for_each_object_then_its_notes_then_the_build(screen):
    one = outcome(message="fields were dropped", rows=10, bytes=2_000, seconds=1.5, requests=6)
    print_outcomes(screen, [one], BUILD)  # type: ignore[list-item, arg-type]
    lines = screen.lines()
    assert lines[1].split() == ["Account", "landed", "10", "2.0", "kB", "1.5", "s", "6"]
    assert lines[2] == "Account: fields were dropped"
    assert " ".join(lines[3:5]) == (
        "dbt failed: 2 success, 1 fail, 12 s: test unique_x: 3 rows; without salesforce.lead"
    )
    assert lines[5] == "  test unique_x (3 rows): Got 3 results"
    assert lines[6] == "  warning: salesforce.case is old"
    assert all(len(line) <= 80 and line == line.rstrip() for line in lines)


def test_an_outcome_says_all_that_is_worth_saying():
    blocked = {"what": "T", "message": "T is new", "accept": '"accept": ["T"]'}
    said = list(
        notes(
            outcome(
                message="m",
                mode="full",
                read=1_000,
                resumed=True,
                tombstones=2,
                rejected=3,
                retries=4,
                schema_changes=["tier__c is new"],
                blocked=[blocked],
                unfilled={"a": 5, "b": None},
                left_out=["Photo (base64)"],
            )
        )
    )
    assert said == [
        "m",
        "full: 1,000 rows compared with raw",
        "went on with the load of a run that died",
        "2 records were gone from Salesforce without a trace",
        "3 values did not fit their columns: see _rejected",
        "4 calls had to be made again",
        "tier__c is new",
        'kept out: T is new; to let it in: "accept": ["T"]',
        "a is still empty in older versions (5 records)",
        "b is still empty in older versions (not counted yet)",
        "left out: Photo (base64)",
    ]


def test_a_plain_outcome_says_nothing():
    assert list(notes(outcome())) == []
