import pytest

from lakehouse_constructs._interval import longest_gap


@pytest.mark.parametrize(
    ("expression", "minutes"),
    [
        ("rate(15 minutes)", 15),
        ("rate(1 hour)", 60),
        ("rate(7 days)", 7 * 1440),
        ("cron(0 2 * * ? *)", 1440),
        ("cron(0/15 * * * ? *)", 15),
        ("cron(10 * * * ? *)", 60),
        ("cron(0 6,18 * * ? *)", 720),
        ("cron(0 8-17 ? * MON-FRI *)", 15 * 60 + 2 * 1440),  # Friday 17:00 to Monday 8:00
        ("cron(0 6 ? * SUN *)", 7 * 1440),
        ("cron(0 6 ? * 1 *)", 7 * 1440),
        ("cron(0 0 1 * ? *)", 31 * 1440),
    ],
)
def test_the_longest_time_between_two_starts(expression: str, minutes: int) -> None:
    gap = longest_gap(expression)

    assert gap is not None
    assert gap.to_minutes() == minutes


@pytest.mark.parametrize(
    "expression", ["at(2026-11-23T09:00:00)", "cron(0 0 L * ? *)", "cron(0 8 ? * 2#1 *)"]
)
def test_what_it_cannot_tell(expression: str) -> None:
    assert longest_gap(expression) is None
