import pytest

from lakehouse_constructs import _expression
from lakehouse_constructs._expression import is_expression, is_time_zone


@pytest.mark.parametrize(
    "text",
    [
        "rate(1 hour)",
        "rate(15 minutes)",
        "rate(7 days)",
        "at(2030-01-31T02:00:00)",
        "cron(0 2 * * ? *)",
        "cron(0/15 8-18 ? * MON-FRI *)",
        "cron(0 2,14 1 JAN,jul ? 2030-2035)",
        "cron(0 2 L * ? *)",
        "cron(0 2 15W * ? *)",
        "cron(0 2 ? * 6L *)",
        "cron(0 2 ? * 2#1 *)",
    ],
)
def test_forms_of_eventbridge_scheduler(text: str) -> None:
    assert is_expression(text)


@pytest.mark.parametrize(
    "text",
    [
        "hourly",
        "rate(0 minutes)",
        "rate(15 seconds)",
        "rate(15minutes)",
        "at(2030-02-31T02:00:00)",
        "at(2030-01-31 02:00)",
        "cron(0 2 * * *)",  # five fields, as in crontab
        "cron(0 2 * * * *)",  # both days
        "cron(0 2 ? * ? *)",  # neither
        "cron(0 2 * * MON *)",
        "cron(0 2 ? * MONDAY *)",
        "cron(0 two * * ? *)",
        "0 2 * * ? *",
    ],
)
def test_what_it_would_refuse(text: str) -> None:
    assert not is_expression(text)


def test_time_zones_are_those_of_iana() -> None:
    assert is_time_zone("Etc/UTC")
    assert is_time_zone("Europe/Berlin")
    assert not is_time_zone("Europe/Berln")


def test_without_a_list_of_time_zones_their_form_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_expression, "_known_zones", set)

    assert is_time_zone("America/Argentina/Ushuaia")
    assert not is_time_zone("Central European Time")
