import pytest

from lakehouse_jobs.build.settings import BuildSettings, session_prefix
from lakehouse_jobs.contract.errors import ConfigError

VALUES = {
    "LAKE_BUCKET": "lake",
    "RAW_DATABASE": "dev_raw",
    "STAGING_DATABASE": "dev_staging",
    "INTERMEDIATE_DATABASE": "dev_intermediate",
    "MARTS_DATABASE": "dev_marts",
    "DBT_SESSION_PREFIX": "dev-dbt",
}


def test_failed_objects_are_a_list_without_blanks() -> None:
    settings = BuildSettings.from_environment(
        VALUES | {"LAKEHOUSE_FAILED_OBJECTS": "Lead, Order__c,,", "LAKEHOUSE_EXECUTION_NAME": "e1"}
    )

    assert settings.failed_objects == ("Lead", "Order__c")
    assert settings.execution_name == "e1"


def test_a_build_by_hand_has_no_execution() -> None:
    settings = BuildSettings.from_environment(VALUES | {"LAKEHOUSE_EXECUTION_NAME": ""})

    assert settings.execution_name is None
    assert settings.failed_objects == ()


@pytest.mark.parametrize(
    ("value", "wanted"), [("true", True), ("false", False), ("", False), ("1", False)]
)
def test_a_full_refresh_is_asked_for_by_one_word(value: str, wanted: bool) -> None:
    settings = BuildSettings.from_environment(VALUES | {"LAKEHOUSE_FULL_REFRESH": value})

    assert settings.full_refresh is wanted
    assert not BuildSettings.from_environment(VALUES).full_refresh


def test_selectors_are_separated_by_spaces() -> None:
    settings = BuildSettings.from_environment(VALUES | {"LAKEHOUSE_SELECT": "tag:daily a+"})

    assert settings.select == ("tag:daily", "a+")
    assert BuildSettings.from_environment(VALUES).select == ()


def test_models_are_selectors_and_no_options() -> None:
    settings = BuildSettings.from_environment(VALUES | {"LAKEHOUSE_MODELS": "tag:core dim_user"})

    assert settings.models == ("tag:core", "dim_user")
    assert BuildSettings.from_environment(VALUES).models == ()
    with pytest.raises(ConfigError, match="LAKEHOUSE_MODELS: got '--full-refresh'"):
        BuildSettings.from_environment(VALUES | {"LAKEHOUSE_MODELS": "--full-refresh"})


def test_databases_are_named_once() -> None:
    settings = BuildSettings.from_environment(VALUES | {"INTERMEDIATE_DATABASE": "dev_staging"})

    assert settings.databases == ("dev_raw", "dev_staging", "dev_marts")


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_variable_is_named(name: str, value: str | None) -> None:
    values = {k: v for k, v in VALUES.items() if k != name} | ({name: value} if value else {})

    with pytest.raises(ConfigError, match=f"the build's environment: {name}: got None"):
        BuildSettings.from_environment(values)


def test_stopping_sessions_needs_the_prefix_alone() -> None:
    assert session_prefix({"DBT_SESSION_PREFIX": "dev-dbt"}) == "dev-dbt"
    with pytest.raises(ConfigError, match="DBT_SESSION_PREFIX"):
        session_prefix({})


def test_the_time_of_a_build_is_whole_minutes() -> None:
    settings = BuildSettings.from_environment(VALUES | {"DBT_SESSION_TIMEOUT_MINUTES": "245"})

    assert settings.timeout_minutes == 245
    assert BuildSettings.from_environment(VALUES).timeout_minutes is None
    with pytest.raises(ConfigError, match="TIMEOUT_MINUTES: got '4h'; allowed: a whole"):
        BuildSettings.from_environment(VALUES | {"DBT_SESSION_TIMEOUT_MINUTES": "4h"})
