"""A query that is stopped ends, whenever that comes."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from lakehouse_local.local_aws.athena_engine import Engine, Result
from lakehouse_local.local_aws.athena_errors import QueryError
from tests.until import until

NUMBERS = "unnest(sequence(1, 100000))"
ENDLESS = f"select count(*) from {NUMBERS} a (x), {NUMBERS} b (y) where x * y % 7 = 3"


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(endpoint="http://127.0.0.1:9", extensions=tmp_path)


def run(engine: Engine, stopped: Callable[[], bool]) -> Future[Result]:
    """The endless query, in a thread of its own."""
    return ThreadPoolExecutor(1).submit(engine.run, "q", ENDLESS, "", stopped=stopped)


def cause(query: Future[Result]) -> str:
    with pytest.raises(QueryError) as error:
        query.result(timeout=60)
    return str(error.value)


def test_a_query_stopped_before_it_could_be_interrupted(engine: Engine) -> None:
    engine.stop("q")
    assert "Query was cancelled by user" in cause(run(engine, lambda: True))


def test_a_query_stopped_while_it_runs(engine: Engine) -> None:
    looked = threading.Event()

    def stopped() -> bool:
        looked.set()
        return False

    query = run(engine, stopped)
    assert looked.wait(60)
    # DuckDB forgets an interrupt that comes before it has begun.
    until(lambda: engine.stop("q") or query.done())
    assert "Query was cancelled by user" in cause(query)
