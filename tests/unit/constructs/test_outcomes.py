"""How an execution reads what jobs and builds left, by the expressions that are deployed."""

import json
from typing import Any

import pytest

from lakehouse_constructs import _outcomes

ITEM = {"group": "sales", "names": ["Account", "Lead"]}
LANDED = {
    "group": "sales",
    "landed": ["Account"],
    "unchanged": [],
    "skipped": [],
    "unbuilt": [],
    "failed": [],
}
FAILED = {**LANDED, "failed": [{"object": "Lead", "message": "INVALID_FIELD: Foo__c"}]}
NOT_STARTED = {"status": "not_started", "cause": ""}
SUCCEEDED = {"status": "succeeded", "cause": None}


@pytest.fixture
def group(evaluate):
    def read(outcome: dict[str, Any], **input: Any) -> dict[str, Any]:
        body = {"Body": json.dumps(outcome)}
        return evaluate(_outcomes.GROUP, input={"item": ITEM, **input}, result=body)

    return read


@pytest.fixture
def extraction(evaluate):
    return lambda *groups: evaluate(_outcomes.EXTRACTION, input=list(groups))


@pytest.fixture
def verdict(evaluate):
    def judged(extraction: dict[str, Any], build: dict[str, Any]) -> dict[str, Any]:
        variables = {"extraction": extraction, "build": build, "plan": {"mode": "incremental"}}
        return evaluate(_outcomes.VERDICT, variables=variables)

    return judged


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (
            '{"JobRunState": "FAILED", "ErrorMessage": "2 of 3 objects failed"}',
            "2 of 3 objects failed",
        ),
        ('{"JobRunState": "TIMEOUT", "ErrorMessage": ""}', "the Glue run ended TIMEOUT"),
        ('{"JobRunState": "STOPPED"}', "the Glue run ended STOPPED"),
        ("Rate exceeded", "Glue.ThrottlingException: Rate exceeded"),
        (None, "Glue.ThrottlingException"),
    ],
)
def test_a_failed_run_is_told_in_its_own_words(evaluate, cause, said) -> None:
    error = {"Error": "Glue.ThrottlingException", **({"Cause": cause} if cause else {})}

    assert evaluate(_outcomes.JOB_ERROR, error_output=error) == said


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (
            {
                "BuildStatus": "FAILED",
                "Phases": [
                    {"PhaseType": "QUEUED", "PhaseStatus": "SUCCEEDED", "Contexts": []},
                    {"PhaseStatus": "FAILED", "Contexts": [{"Message": "exit status 1"}]},
                    {"PhaseType": "COMPLETED"},
                ],
            },
            "build FAILED: exit status 1",
        ),
        ({"BuildStatus": "TIMED_OUT", "Phases": []}, "build TIMED_OUT"),
        ("no such project", "CodeBuild.X: no such project"),
        (
            "Cannot have more than 0 builds in queue for the account",
            "CodeBuild lets this account run no build (Cannot have more than 0 builds in queue for"
            " the account); ask AWS for one at least: Service Quotas, AWS CodeBuild, Concurrently"
            " running builds for Linux/Small environment; a support case where that shows more"
            " than 0",
        ),
    ],
)
def test_a_failed_build_is_told_by_its_phase(evaluate, cause, said) -> None:
    text = cause if isinstance(cause, str) else json.dumps({"Build": cause})
    error = {"Error": "CodeBuild.X", "Cause": text}

    assert evaluate(_outcomes.BUILD_ERROR, error_output=error) == said


def test_a_group_whose_objects_failed_is_not_a_broken_group(group) -> None:
    read = group(FAILED, error="1 of 2 objects failed")

    assert read == FAILED
    assert "error" not in read


def test_a_run_that_died_after_its_objects_is_a_broken_group(group) -> None:
    assert group(LANDED, error="out of memory")["error"] == "out of memory"


def test_a_long_message_is_cut(group) -> None:
    long = {**LANDED, "failed": [{"object": "Lead", "message": "x" * 5_000}]}

    assert len(group(long)["failed"][0]["message"]) == 500


@pytest.mark.parametrize(
    ("input_", "said"),
    [
        ({"item": ITEM, "error": "signal 9"}, "signal 9"),
        ({"item": ITEM}, "the run ended without an outcome (S3.NoSuchKeyException)"),
    ],
)
def test_a_group_without_an_outcome_failed_as_a_whole(evaluate, input_, said) -> None:
    read = evaluate(
        _outcomes.GROUP_WITHOUT_OUTCOME,
        input=input_,
        error_output={"Error": "S3.NoSuchKeyException"},
    )

    assert read["error"] == said
    assert read["names"] == ["Account", "Lead"]


def test_an_outcome_may_leave_out_what_it_has_nothing_to_say_of(group) -> None:
    empty = {"landed": [], "unchanged": [], "skipped": [], "unbuilt": [], "failed": []}

    assert group({}) == {"group": "sales", **empty}
    assert group({"landed": ["Lead"]}) == {"group": "sales", **empty, "landed": ["Lead"]}


@pytest.mark.parametrize("names", [["Account", "Lead"], ["all"]])
def test_where_runs_leave_no_outcome_their_end_stands_for_it(evaluate, extraction, names) -> None:
    item = {"group": "sales", "names": names}

    landed = evaluate(_outcomes.GROUP_BY_ITS_END, input={"item": item})
    broken = evaluate(_outcomes.GROUP_BY_ITS_END, input={"item": item, "error": "x" * 501})

    assert landed == {**LANDED, "landed": names}
    assert (broken["landed"], broken["names"], broken["error"]) == ([], names, "x" * 500)
    together = extraction(landed, broken)
    assert evaluate(_outcomes.TO_BUILD, variables={"extraction": together, "plan": {}}) is True
    left_out = evaluate(_outcomes.FAILED_OBJECTS, variables={"extraction": together})
    assert left_out == ",".join(names)


def test_groups_are_put_together(group, extraction) -> None:
    other = {
        **LANDED,
        "group": "other",
        "landed": ["Case", "Task"],
        "skipped": ["Event"],
        "unbuilt": ["Task"],
    }

    assert extraction(group(FAILED), group(other)) == {
        "landed": ["Account", "Case", "Task"],
        "unchanged": [],
        "skipped": ["Event"],
        "unbuilt": ["Task"],
        "failed": FAILED["failed"],
        "broken": [],
    }


def test_lists_stay_lists_when_nothing_landed(group, extraction) -> None:
    nothing = extraction(group({**LANDED, "landed": []}))

    assert nothing["landed"] == []
    assert nothing["broken"] == []


NOTHING = {**LANDED, "landed": []}
FAILED_ALONE = {**FAILED, "landed": []}


@pytest.mark.parametrize(
    ("outcome", "builds"),
    [
        (LANDED, True),
        (NOTHING, False),
        # Landed in an earlier execution, whose build failed.
        ({**NOTHING, "unbuilt": ["Account"]}, True),
        # The build would leave it out, so it would be no nearer to being built.
        ({**FAILED_ALONE, "unbuilt": ["Lead"]}, False),
        ({**FAILED_ALONE, "unbuilt": ["Lead", "Account"]}, True),
        ({key: value for key, value in NOTHING.items() if key != "unbuilt"}, False),
    ],
)
def test_dbt_builds_what_landed_and_what_was_never_built(
    evaluate, group, extraction, outcome, builds
) -> None:
    found = extraction(group(outcome), group({**NOTHING, "group": "other"}))
    variables = {"extraction": found, "plan": {"full_refresh": False}}

    assert evaluate(_outcomes.TO_BUILD, variables=variables) is builds


def test_a_full_refresh_builds_though_nothing_landed(evaluate, group, extraction) -> None:
    variables = {"extraction": extraction(group(NOTHING)), "plan": {"full_refresh": True}}

    assert evaluate(_outcomes.TO_BUILD, variables=variables) is True


@pytest.mark.parametrize(("outcome", "said"), [(LANDED, ""), (FAILED, "Lead")])
def test_dbt_is_told_what_failed(evaluate, group, extraction, outcome, said) -> None:
    variables = {"extraction": extraction(group(outcome))}

    assert evaluate(_outcomes.FAILED_OBJECTS, variables=variables) == said


def test_dbt_is_told_the_names_of_a_broken_group(evaluate, group, extraction) -> None:
    broken = {**LANDED, "landed": [], "names": ["Account", "Lead"], "error": "signal 9"}
    variables = {"extraction": extraction(group(LANDED), broken)}

    assert evaluate(_outcomes.FAILED_OBJECTS, variables=variables) == "Account,Lead"


def test_a_refused_input_ends_in_the_plans_words(evaluate) -> None:
    plan = {"error": "UnknownGroup", "cause": "not configured: " + "x" * 9_000, "items": []}

    refusal = evaluate(_outcomes.REFUSAL, variables={"plan": plan})

    assert refusal["error"] == "UnknownGroup"
    assert refusal["cause"].startswith("not configured: x")
    assert len(refusal["cause"]) == 8_000


def test_success_sums_up(group, extraction, verdict) -> None:
    assert verdict(extraction(group(LANDED)), SUCCEEDED) == {
        "summary": {
            "execution": "run-1",
            "mode": "incremental",
            "landed": ["Account"],
            "unchanged": 0,
            "skipped": [],
            "unbuilt": 0,
            "build": "succeeded",
        }
    }


def test_failed_objects_are_counted_and_explained(group, extraction, verdict) -> None:
    assert verdict(extraction(group(FAILED)), SUCCEEDED) == {
        "error": "ObjectsFailed",
        "cause": "1 of 2 objects failed: Lead: INVALID_FIELD: Foo__c",
    }


def test_one_reason_is_said_once(group, extraction, verdict) -> None:
    failed = [{"object": name, "message": "secret not filled"} for name in ("A", "B", "C")]
    outcome = {**LANDED, "landed": [], "failed": failed}

    judged = verdict(extraction(group(outcome)), NOT_STARTED)

    assert judged["cause"] == "3 of 3 objects failed: A, B, C: secret not filled"


def test_a_broken_group_comes_first(group, extraction, verdict) -> None:
    broken = {**LANDED, "group": "x", "landed": [], "names": ["A"], "error": "signal 9"}

    judged = verdict(
        extraction(group(FAILED), broken), {"status": "failed", "cause": "test t: 3 rows"}
    )

    assert judged["error"] == "ExtractionFailed"
    assert judged["cause"] == (
        "the extraction of group x failed: signal 9; "
        "1 of 3 objects failed: Lead: INVALID_FIELD: Foo__c; "
        "dbt build failed: test t: 3 rows"
    )


@pytest.mark.parametrize("cause", ["test t: 3 rows", "dbt build failed: test t: 3 rows"])
def test_a_failed_build_names_the_test(group, extraction, verdict, cause) -> None:
    assert verdict(extraction(group(LANDED)), {"status": "failed", "cause": cause}) == {
        "error": "DbtBuildFailed",
        "cause": "dbt build failed: test t: 3 rows",
    }


@pytest.mark.parametrize(
    ("input_", "status", "read"),
    [
        ({}, "succeeded", {"status": "succeeded", "cause": None}),
        ({}, "failed", {"status": "failed", "cause": None}),
        # dbt was content and the build failed after it.
        ({"error": "exit status 2"}, "succeeded", {"status": "failed", "cause": "exit status 2"}),
    ],
)
def test_the_builds_outcome_and_its_exit_must_agree(evaluate, input_, status, read) -> None:
    body = {"Body": json.dumps({"status": status, "cause": None})}

    assert evaluate(_outcomes.BUILD_READ, input=input_, result=body) == read


@pytest.mark.parametrize(
    ("input_", "said"),
    [
        ({"error": "build FAILED: pip"}, "build FAILED: pip"),
        ({}, "the build ended without an outcome (S3.NoSuchKeyException)"),
    ],
)
def test_a_build_without_an_outcome_failed(evaluate, input_, said) -> None:
    read = evaluate(
        _outcomes.BUILD_UNREAD, input=input_, error_output={"Error": "S3.NoSuchKeyException"}
    )

    assert read == {"status": "failed", "cause": said}


COMPARED = {"status": "succeeded", "cause": "dim_account: row accuracy: 98.9 %", "verdict": "fail"}


@pytest.fixture
def verdict_compared(evaluate, extraction):
    def judged(comparison: dict[str, Any], build: dict[str, Any] = SUCCEEDED) -> dict[str, Any]:
        variables = {
            "extraction": extraction(LANDED),
            "build": build,
            "comparison": comparison,
            "plan": {"mode": "incremental"},
        }
        return evaluate(_outcomes.VERDICT_COMPARED, variables=variables)

    return judged


def test_differences_fail_no_execution(verdict_compared) -> None:
    judged = verdict_compared(COMPARED)

    assert "error" not in judged
    assert judged["summary"]["comparison"] == "fail"
    assert judged["summary"]["build"] == "succeeded"


def test_a_comparison_that_cannot_be_made_fails_the_execution(verdict_compared) -> None:
    assert verdict_compared({"status": "failed", "cause": "erp.sf_account: 0 rows"}) == {
        "error": "ComparisonFailed",
        "cause": "the comparison with the old system failed: erp.sf_account: 0 rows",
    }


def test_without_a_build_nothing_is_compared(verdict_compared) -> None:
    judged = verdict_compared(NOT_STARTED, build=NOT_STARTED)

    assert judged["summary"]["comparison"] == "not_started"


def test_a_build_that_failed_is_what_is_told(verdict_compared) -> None:
    judged = verdict_compared(NOT_STARTED, build={"status": "failed", "cause": "a test"})

    assert judged == {"error": "DbtBuildFailed", "cause": "dbt build failed: a test"}


def test_what_is_told_of_a_verdict_that_turned(evaluate) -> None:
    comparison = {**COMPARED, "report": "s3://lake/runs/run-1/_comparison.html"}

    assert evaluate(_outcomes.TURN, variables={"comparison": comparison}) == (
        "The old system and the marts differ: dim_account: row accuracy: 98.9 %\n\n"
        "Report: s3://lake/runs/run-1/_comparison.html\n\nExecution: arn:execution:run-1"
    )
