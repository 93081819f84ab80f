"""The edge of the window: late rows, one time for many rows, clocks, rows that change."""

from datetime import timedelta

import pytest

pytestmark = pytest.mark.local_aws


def stamp(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def versions(lab):
    rows = lab.rows("account")
    found = [(r["id"], stamp(r["systemmodstamp"]), r["_is_deleted"]) for r in rows]
    assert len(found) == len(set(found))
    return set(found)


def in_org(lab):
    rows = lab.org.records["Account"]
    return {(r["Id"], r["SystemModstamp"], r["IsDeleted"] == "true") for r in rows}


def test_rows_that_appear_late_below_the_last_upper_bound(account_lab):
    org = account_lab.org
    account_lab.run()
    end = org.now - timedelta(seconds=60)
    org.now += timedelta(minutes=15)
    for back in (timedelta(0), timedelta(milliseconds=1), timedelta(minutes=9, seconds=59)):
        org.row("Account", SystemModstamp=stamp(end - back))
    assert account_lab.run()["Account"]["rows"] == 3
    assert versions(account_lab) == in_org(account_lab)


def test_3000_rows_of_one_moment_over_pages_and_runs(account_lab):
    """They sit exactly on the upper bound, then in the overlap, where more of them appear."""
    org = account_lab.org
    org.page_rows = 700
    moment = org.now - timedelta(seconds=60)
    for _ in range(1500):
        org.row("Account", SystemModstamp=stamp(moment))
    assert account_lab.run()["Account"]["rows"] == 2  # the bound itself is not in the window
    org.now += timedelta(minutes=1)
    assert account_lab.run()["Account"]["rows"] == 1500
    for _ in range(1500):
        org.row("Account", SystemModstamp=stamp(moment))
    org.now += timedelta(minutes=1)
    outcome = account_lab.run()["Account"]
    assert (outcome["read"], outcome["rows"]) == (3000, 1500)
    org.now += timedelta(minutes=1)
    assert account_lab.run()["Account"]["rows"] == 0
    assert versions(account_lab) == in_org(account_lab)


@pytest.mark.parametrize("years", [-30, 30], ids=["behind", "ahead"])
def test_the_orgs_clock_is_the_only_one(account_lab, years):
    """It may be years from the clock of the machine that runs the job."""
    org = account_lab.org
    org.now += timedelta(days=365 * years)
    for row in org.records["Account"]:
        row["SystemModstamp"] = stamp(org.now - timedelta(hours=1))
    account_lab.run()
    org.now += timedelta(minutes=15)
    org.row("Account", SystemModstamp=stamp(org.now - timedelta(minutes=5)))
    outcome = account_lab.run()["Account"]
    assert outcome["rows"] == 1
    assert outcome["watermark_after"] == stamp(org.now - timedelta(seconds=60))
    assert versions(account_lab) == in_org(account_lab)


def test_a_clock_that_jumps_back_is_told_and_moves_no_watermark_back(account_lab):
    org = account_lab.org
    first = account_lab.run()["Account"]["watermark_after"]
    org.now -= timedelta(hours=3)
    outcome = account_lab.run()["Account"]
    assert (outcome["status"], outcome["error"]) == ("failed", "ClockError")
    assert outcome["watermark_after"] == first
    since = outcome["message"].partition("--since ")[2].partition(" ")[0]
    # Stamped in the hours that the org's clock shows again: no later window reaches them.
    org.row("Account", SystemModstamp=stamp(org.now + timedelta(minutes=30)))
    org.now += timedelta(hours=4)
    org.row("Account", SystemModstamp=stamp(org.now - timedelta(minutes=30)))
    assert account_lab.run()["Account"]["rows"] == 1
    assert account_lab.run(since=since)["Account"]["rows"] == 1
    assert account_lab.run()["Account"]["watermark_after"] > first
    assert versions(account_lab) == in_org(account_lab)


def test_rows_that_change_while_they_are_read(account_lab):
    """What changes during the read has a stamp beyond the window; the next run reads it."""
    org = account_lab.org
    org.page_rows = 10
    for _ in range(28):
        org.row("Account")
    before = in_org(account_lab)

    def change(body):
        org.records["Account"][3]["SystemModstamp"] = stamp(org.now)
        org.records["Account"][4].update(SystemModstamp=stamp(org.now), IsDeleted="true")
        return body

    org.mood("GET", "results\\?locator=10", edit=change)
    assert account_lab.run()["Account"]["rows"] == 30
    org.now += timedelta(minutes=15)
    assert account_lab.run()["Account"]["rows"] == 2
    assert versions(account_lab) == before | in_org(account_lab)


def test_a_page_that_shows_a_later_version_leaves_it_to_the_next_window(account_lab):
    """Else it would come again with that window, stamped where nothing can be known yet."""
    org = account_lab.org
    changed = stamp(org.now - timedelta(seconds=30))

    def later(body):
        org.records["Account"][1]["SystemModstamp"] = changed
        first, second, third = body.decode().splitlines()
        columns = [c.strip('"') for c in first.split(",")]
        values = third.split(",")
        values[columns.index("SystemModstamp")] = f'"{changed}"'
        return "\n".join([first, second, ",".join(values), ""]).encode()

    org.mood("GET", "/results", edit=later)
    outcome = account_lab.run()["Account"]
    assert (outcome["read"], outcome["rows"]) == (2, 1)
    org.now += timedelta(minutes=15)
    assert account_lab.run()["Account"]["rows"] == 1
    assert versions(account_lab) == in_org(account_lab)
    org.now += timedelta(minutes=5)
    assert account_lab.run()["Account"]["rows"] == 0


def test_a_lookback_that_grows_takes_no_row_twice(account_lab):
    """Keys reach back as far as the lookback was when they were saved."""
    org = account_lab.org
    for minutes in range(1, 60):
        org.row("Account", SystemModstamp=stamp(org.now - timedelta(minutes=minutes + 1)))
    account_lab.run()
    account_lab.config["defaults"]["lookback_minutes"] = 45
    org.now += timedelta(minutes=5)
    assert account_lab.run()["Account"]["rows"] == 0
    account_lab.config["defaults"]["lookback_minutes"] = 0
    org.now += timedelta(minutes=5)
    assert account_lab.run()["Account"]["rows"] == 0
    assert versions(account_lab) == in_org(account_lab)
