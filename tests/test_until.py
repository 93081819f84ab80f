import time

import pytest

from tests.until import until


def test_it_gives_what_was_looked_for():
    seen = iter([0, 1, 2])
    assert until(lambda: next(seen), lambda found: found == 2, pause=0) == 2


def test_what_never_comes_is_told_by_what_came_last():
    with pytest.raises(AssertionError, match=r"not within 0\.01 s; the last seen: \['PROVISIONI"):
        until(lambda: ["PROVISIONING"], lambda found: "READY" in found, seconds=0.01, pause=0)


def test_what_came_while_the_machine_stood_still_counts():
    began = time.monotonic()

    def look():
        time.sleep(0.02)
        return time.monotonic() - began

    assert until(look, lambda found: found > 0.03, seconds=0.01, pause=0) > 0.03
