import json
from datetime import UTC, datetime

import pytest
from botocore.stub import ANY

from lakehouse_jobs.contract.arguments import Mode
from lakehouse_tools.errors import RequestError
from lakehouse_tools.executions.start import Request, execution_name, name_of, names, start


def test_what_is_left_open_is_not_in_the_input():
    assert Request().as_input() == {}
    request = Request(objects=("Account",), mode=Mode.FULL)
    assert request.as_input() == {"objects": ["Account"], "mode": "full"}


def test_starts_under_a_name_of_its_own(account, stub, stack):
    arn = "arn:aws:states:us-east-1:123456789012:execution:pipeline:20260131-080000-3f9a"
    stub("stepfunctions").add_response(
        "start_execution",
        {"executionArn": arn, "startDate": datetime(2026, 1, 31, tzinfo=UTC)},
        {
            "stateMachineArn": stack.state_machine_arn,
            "name": ANY,
            "input": json.dumps({"groups": ["sales"]}),
        },
    )
    assert name_of(start(account, stack, Request(groups=("sales",)))) == "20260131-080000-3f9a"


def test_names_sort_by_time_and_differ_within_a_second():
    early, late = datetime(2026, 1, 31, 8, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    assert execution_name(early).startswith("20260131-080000-")
    assert execution_name(early) < execution_name(late)
    assert len({execution_name(early) for _ in range(20)}) > 1


def test_lists_are_split_at_commas():
    assert names(" Account, Contact ,,Account", option="--objects") == ("Account", "Contact")
    assert names(None, option="--objects") == ()


@pytest.mark.parametrize("text", ["", " ", ",", " , "])
def test_a_list_without_names_does_not_mean_everything(text: str) -> None:
    with pytest.raises(RequestError, match="--groups: got"):
        names(text, option="--groups")
