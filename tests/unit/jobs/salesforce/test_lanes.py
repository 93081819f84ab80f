"""How many pages are read at once."""

import threading

import pytest

from lakehouse_jobs.salesforce.lanes import MEMORY, Lanes
from tests.until import until


@pytest.mark.parametrize(
    ("waited", "worked", "width"),
    [(0, 0, 2), (0, 1, 2), (0.2, 0.8, 2), (0.5, 0.5, 4), (0.9, 0.1, 5), (1, 0, 5)],
)
def test_as_wide_as_the_wait_is_long(waited, worked, width):
    lanes = Lanes(least=2, most=5)
    lanes.told(waited=waited, worked=worked)
    assert lanes.width == width


def test_never_beyond_what_the_org_may_be_asked():
    lanes = Lanes(least=8, most=3)
    assert lanes.width == 3
    lanes.told(waited=9, worked=0)
    assert lanes.width == 3


def test_a_network_that_gets_quicker_narrows_it_again():
    lanes = Lanes(least=2, most=5)
    lanes.told(waited=100 * MEMORY, worked=0)
    assert lanes.width == 5
    for _ in range(8):
        lanes.told(waited=0, worked=MEMORY)
    assert lanes.width == 2


def test_a_page_waits_for_its_lane():
    lanes = Lanes(least=1, most=2)
    inside, leave = [], threading.Event()

    def page():
        with lanes.lane():
            inside.append(1)
            if len(inside) == 2:
                leave.set()
            leave.wait(60)

    threads = [threading.Thread(target=page) for _ in range(2)]
    for thread in threads:
        thread.start()
    until(lambda: inside)
    alone = not leave.wait(0.1)
    lanes.told(waited=1, worked=0)
    beside = leave.wait(30)
    leave.set()
    for thread in threads:
        thread.join(60)
    assert (alone, beside) == (True, True)


def test_a_lane_is_free_again_after_an_error():
    lanes = Lanes(least=1, most=1)
    for _ in range(2):
        with pytest.raises(OSError, match="x"), lanes.lane():
            raise OSError("x")
