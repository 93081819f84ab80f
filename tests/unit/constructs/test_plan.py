"""What an execution extracts, worked out by the expression that is deployed."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse_constructs._plan import INPUT_KEYS, plan_expression
from lakehouse_jobs.contract.arguments import Mode
from lakehouse_jobs.contract.objects import ObjectsConfig

CONFIG = ObjectsConfig.from_text(
    json.dumps(
        {
            "groups": {
                "sales": {
                    "include": ["Account", "Opportunity"],
                    "worker_type": "G.2X",
                    "workers": 5,
                    "timeout_minutes": 90,
                },
                "history": {"include": ["*History", "L?ad"], "exclude": ["Case*"]},
                "single": {"include": ["Solo"]},
                "rest": {"include": ["*__c", "CaseHistory"]},
            }
        }
    ),
    where="test",
)


@pytest.fixture
def plan(evaluate):
    expression = plan_expression(CONFIG)
    return lambda given: evaluate(expression, input=given)


def _requests(plan: dict[str, Any]) -> dict[str, str]:
    return {item["group"]: item["objects"] for item in plan["items"]}


def test_no_input_means_every_group_incrementally(plan) -> None:
    result = plan({})

    assert _requests(result) == dict.fromkeys(("sales", "history", "single", "rest"), "*")
    assert result["mode"] == "incremental"
    assert "error" not in result


def test_a_group_brings_its_size_and_the_objects_known_by_name(plan) -> None:
    sales, history, *_ = plan({})["items"]

    assert sales == {
        "group": "sales",
        "objects": "*",
        "names": ["Account", "Opportunity"],
        "worker_type": "G.2X",
        "workers": 5,
        "timeout_minutes": 90,
    }
    assert history["names"] == []


def test_a_plan_without_sizes_leaves_them_to_the_job(evaluate) -> None:
    result = evaluate(plan_expression(CONFIG, sized=False), input={"groups": ["single"]})

    assert result["items"] == [
        {"group": "single", "objects": "*", "names": ["Solo"], "timeout_minutes": 60}
    ]


def test_requested_objects_start_their_groups_alone_and_get_the_configured_spelling(plan) -> None:
    result = plan({"objects": ["ACCOUNT", "account", "LeadHistory"]})

    assert _requests(result) == {"sales": "Account", "history": "LeadHistory"}
    assert result["items"][0]["names"] == ["Account"]


def test_a_name_beats_a_pattern_that_excludes_it(plan) -> None:
    assert _requests(plan({"objects": ["CaseHistory"]})) == {"rest": "CaseHistory"}


def test_requested_groups_and_one_object_stay_lists(plan) -> None:
    result = plan({"groups": ["single"]})

    assert isinstance(result["items"], list)
    assert result["items"][0]["names"] == ["Solo"]


def test_the_rest_of_the_request_is_passed_on(plan) -> None:
    result = plan({"mode": "full", "full_refresh": True})

    assert result["mode"] == "full"
    assert result["full_refresh"] is True


@pytest.mark.parametrize("mode", [None, *Mode])
def test_any_mode_may_have_a_range(plan, mode) -> None:
    result = plan({"mode": mode, "since": "2026-01-31", "until": "2026-01-31T08:00:00Z"})

    assert result["mode"] == (mode or "incremental")
    assert (result["since"], result["until"]) == ("2026-01-31T00:00:00Z", "2026-01-31T08:00:00Z")
    assert (plan({})["since"], plan({})["until"]) == ("-", "-")


@pytest.mark.parametrize("given_", [{}, {"full_refresh": None}, {"full_refresh": False}])
def test_models_are_rebuilt_only_when_asked_for(plan, given_) -> None:
    assert plan(given_)["full_refresh"] is False


def test_models_are_one_text_and_everything_is_none(plan) -> None:
    assert plan({"models": ["tag:core", "+rpt_sales_funnel"]})["models"] == (
        "tag:core +rpt_sales_funnel"
    )
    assert plan({})["models"] == ""


def test_null_is_the_same_as_nothing(plan) -> None:
    assert plan(dict.fromkeys(INPUT_KEYS)) == plan({})


@pytest.mark.parametrize(
    ("request_", "error", "said"),
    [
        ({"objects": ["Nope", "Account", "CaseX"]}, "UnknownObject", "not configured: Nope, CaseX"),
        ({"objects": ["Nope"]}, "UnknownObject", "history: *History, L?ad without Case*"),
        ({"groups": ["nope"]}, "UnknownGroup", "configured: sales, history, single, rest"),
        ({"objects": ["Solo"], "groups": ["sales"]}, "NothingRequested", "Solo is in the groups"),
        ({"object": ["Account"]}, "InvalidInput", "object: got"),
        ({"objects": "Account"}, "InvalidInput", "objects: got Account; allowed: a list"),
        ({"objects": []}, "InvalidInput", "objects: got []"),
        ({"objects": [1]}, "InvalidInput", "objects: got [1]"),
        ({"objects": [["Account"]]}, "InvalidInput", "objects: got"),
        ({"groups": {"a": 1}}, "InvalidInput", "groups: got"),
        ({"mode": "fast"}, "InvalidInput", ", ".join(Mode)),
        ({"full_refresh": "true"}, "InvalidInput", "full_refresh: got true; allowed: true or"),
        ({"models": "tag:core"}, "InvalidInput", "models: got tag:core; allowed: a list"),
        ({"full_refresh": 1}, "InvalidInput", "full_refresh: got 1"),
        ({"since": "yesterday"}, "InvalidInput", "since: got yesterday; allowed: a UTC time such"),
        ({"since": 20260101}, "InvalidInput", "since: got 20260101"),
        ({"since": ["2026-01-01"]}, "InvalidInput", "since: got"),
        ({"since": "2026-13-01"}, "InvalidInput", "or a date such as 2026-01-31"),
        ({"until": "2026-01-01T00:00:00"}, "InvalidInput", "until: got 2026-01-01T00:00:00;"),
        (
            {"since": "2026-01-01", "until": "2026-01-01T00:00:00Z"},
            "InvalidInput",
            "until: got 2026-01-01T00:00:00Z; allowed: a time after since, which is 2026-01-01",
        ),
        ([], "InvalidInput", "not a JSON object"),
        ("Account", "InvalidInput", "not a JSON object"),
    ],
)
def test_a_mistake_starts_nothing_and_says_what_is_allowed(plan, request_, error, said) -> None:
    result = plan(request_)

    assert result["error"] == error
    assert said in result["cause"]
    assert result["items"] == []


# Short alphabets, so that names and patterns meet often.
_NAMES = st.from_regex(r"[aAbB][aAbB_]{0,3}", fullmatch=True)
_PATTERNS = st.text(st.sampled_from("aAbB_*?"), min_size=1, max_size=3)
_GROUPS = st.fixed_dictionaries(
    {"include": st.lists(_NAMES | _PATTERNS, min_size=1, max_size=3, unique=True)},
    optional={"exclude": st.lists(_PATTERNS, max_size=2, unique=True)},
)


def _usable(groups: dict[str, Any]) -> ObjectsConfig | None:
    try:
        return ObjectsConfig.from_text(json.dumps({"groups": groups}), where="drawn")
    except ValueError:
        return None


_CONFIGS = (
    st.dictionaries(st.sampled_from(["g1", "g2", "g3"]), _GROUPS, min_size=1)
    .map(_usable)
    .filter(lambda config: config is not None)
)


@settings(max_examples=150, deadline=None)
@given(config=_CONFIGS, name=_NAMES)
def test_an_object_goes_where_the_contract_says(config: ObjectsConfig, name: str) -> None:
    import jsonata

    expression = jsonata.Jsonata.jsonata(plan_expression(config))
    result = expression.evaluate(None, {"states": {"input": {"objects": [name]}}})

    group = config.group_of(name)
    if group is None:
        assert result["error"] == "UnknownObject"
    else:
        assert [item["group"] for item in result["items"]] == [group.name]
        assert result["items"][0]["objects"].lower() == name.lower()
