import json
from pathlib import Path

import pytest

from lakehouse_jobs.contract.errors import ConfigError
from lakehouse_jobs.contract.objects import ObjectsConfig

SHIPPED = Path(__file__).parents[4] / "config" / "salesforce_objects.json"


def config(**values: object) -> ObjectsConfig:
    groups = {"core": {"include": ["Account"]}}
    return ObjectsConfig.from_text(json.dumps({"groups": groups} | values), where="objects.json")


def test_the_shipped_file_reads_and_has_the_demo_objects() -> None:
    shipped = ObjectsConfig.from_file(SHIPPED)
    for name in ("Account", "OpportunityHistory", "Event", "UserRole"):
        assert shipped.group_of(name) is not None


def test_a_name_goes_before_a_pattern_of_an_earlier_group() -> None:
    groups = {"all": {"include": ["*"]}, "core": {"include": ["Account"]}}
    read = config(groups=groups)
    assert read.group_of("account").name == "core"
    assert read.group_of("Lead").name == "all"
    assert read.members("all", ["Account", "Lead"]) == ["Lead"]


def test_the_first_group_with_a_matching_pattern_takes_an_object() -> None:
    groups = {"history": {"include": ["*History"]}, "all": {"include": ["*"]}}
    assert config(groups=groups).group_of("CaseHistory").name == "history"


def test_exclude_holds_for_patterns() -> None:
    groups = {"all": {"include": ["*"], "exclude": ["*History"]}}
    read = config(groups=groups)
    assert read.group_of("CaseHistory") is None
    assert read.members("all", ["CaseHistory", "Case"]) == ["Case"]


def test_named_members_stay_when_the_org_does_not_list_them() -> None:
    # The run must report them as missing; leaving them out silently would hide a typing error.
    assert config().members("core", ["Contact"]) == ["Account"]


def test_members_take_the_orgs_spelling() -> None:
    assert config(groups={"core": {"include": ["account"]}}).members("core", ["Account"]) == [
        "Account"
    ]


def test_rules_unite_fields_and_fall_back_to_defaults() -> None:
    read = config(
        defaults={"lookback_minutes": 5, "fields": {"exclude": ["Fax"]}},
        objects={"Account": {"margin_seconds": 1, "fields": {"hash": ["Phone"]}}},
    )
    rules = read.rules("ACCOUNT")
    assert rules.fields.exclude == {"fax"}
    assert rules.fields.hash == {"phone"}
    assert (rules.lookback_minutes, rules.margin_seconds) == (5, 1)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"groups": {}}, "groups: got {}; allowed: at least one group"),
        ({"groups": {"core": {"include": []}}}, "groups.core.include: got []"),
        ({"groups": {"Core": {"include": ["A"]}}}, "groups.Core: got 'Core'"),
        ({"groups": {"core": {"include": ["A-B"]}}}, "groups.core.include: got 'A-B'"),
        ({"groups": {"core": {"include": ["A", "A"]}}}, "groups.core.include: got 'A'"),
        ({"groups": {"a": {"include": ["X"]}, "b": {"include": ["x"]}}}, "groups.b.include"),
        ({"groups": {"a": {"include": ["X"], "workers": "2"}}}, "groups.a.workers: got '2'"),
        ({"groups": {"a": {"include": ["X"], "workers": True}}}, "groups.a.workers: got True"),
        ({"groups": {"a": {"include": ["X"], "worker_type": "G.9X"}}}, "G.1X, G.2X"),
        ({"api_version": "62"}, "api_version: got '62'"),
        ({"objects": {"Lead": {}}}, "objects: got 'lead'"),
        ({"objects": {"Account": {"lookback": 3}}}, "objects.Account.lookback: got 3"),
        ({"objects": {"Account": {"fields": {"hash": ["Id"]}}}}, "objects.Account.fields.hash"),
        ({"defaults": {"fields": {"exclude": ["SystemModstamp"]}}}, "defaults.fields.exclude"),
        ({"groups": ["Account"]}, "groups: got ['Account']; allowed: a JSON object"),
    ],
)
def test_a_mistake_is_named_with_its_key_and_what_is_allowed(
    values: dict[str, object], said: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        config(**values)
    assert str(raised.value).startswith("objects.json: ")
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_broken_json_is_named_with_line_and_column(tmp_path: Path) -> None:
    file = tmp_path / "objects.json"
    file.write_text('{\n  "groups": {,}\n}')
    with pytest.raises(ConfigError, match=r"objects.json, line 2, column 14: JSON: got"):
        ObjectsConfig.from_file(file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.json: the file: got 'nothing'"):
        ObjectsConfig.from_file(tmp_path / "nowhere.json")


def test_keys_that_begin_with_slashes_are_comments() -> None:
    assert config(**{"// why": "because"}).groups[0].name == "core"
