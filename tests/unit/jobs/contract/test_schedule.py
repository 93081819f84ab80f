import pytest

from lakehouse_jobs.contract.schedule import longest_gap, starts_a_day


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
    assert longest_gap(expression) == minutes


@pytest.mark.parametrize(
    ("expression", "starts"),
    [
        ("rate(15 minutes)", 96),
        ("rate(2 days)", 0.5),
        ("cron(0 2 * * ? *)", 1),
        ("cron(0/20 8-17 ? * MON-FRI *)", 30 * 5 / 7),
        ("cron(0 6 ? * SUN *)", 1 / 7),
        ("cron(0 0 1 * ? *)", 12 / 365.25),
    ],
)
def test_starts_in_a_day(expression: str, starts: float) -> None:
    assert starts_a_day(expression) == pytest.approx(starts, rel=0.01)


@pytest.mark.parametrize(
    "expression", ["at(2026-11-23T09:00:00)", "cron(0 0 L * ? *)", "cron(0 8 ? * 2#1 *)"]
)
def test_what_it_cannot_tell(expression: str) -> None:
    assert longest_gap(expression) is None
    assert starts_a_day(expression) is None
