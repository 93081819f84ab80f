from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest

from lakehouse_jobs.extract import steps
from lakehouse_jobs.extract.steps import Step, step, timed


def test_steps_of_all_threads_of_an_object_add_up():
    def page():
        with step(Step.PAGE):
            pass

    with timed() as phases, ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(copy_context().run, page) for _ in range(3)]:
            future.result()
        with timed() as other, step(Step.COMMIT):
            pass
    assert list(phases.seconds()) == ["page"]
    assert list(other.seconds()) == ["commit"]


def test_a_step_that_raises_counts_and_has_no_end(monkeypatch):
    met = []
    monkeypatch.setattr(steps, "hook", lambda *edge: met.append(edge))
    with timed() as phases, pytest.raises(ValueError, match="no"), step(Step.WAIT):
        raise ValueError("no")
    with step(Step.WAIT):
        pass
    assert met == [(Step.WAIT, "begin"), (Step.WAIT, "begin"), (Step.WAIT, "end")]
    assert list(phases.seconds()) == ["wait"]


def test_steps_outside_of_an_object_are_not_kept():
    with step(Step.REPORT):
        pass
