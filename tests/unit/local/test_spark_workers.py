import io
import json
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lakehouse_local.home import Home
from lakehouse_local.local_aws.context import Context
from lakehouse_local.local_aws.glue_session import SessionRefusedError
from lakehouse_local.local_aws.glue_sessions import Sessions
from lakehouse_local.local_aws.spark_workers import EXTENSIONS, SMALL_DATA, SparkPool, SparkWorker


class Processes:
    """Starts nothing and keeps what would have been started."""

    argv: list[Any]

    def start(self, _: str, argv: list[Any], **__: Any) -> Any:
        self.argv = argv
        return SimpleNamespace(stdin=io.StringIO(), stdout=io.StringIO())


def started(folder: Path, **given: Any) -> dict[str, str]:
    """The settings that Spark is started with."""
    processes: Any = Processes()
    logs: Any = None
    SparkWorker(Context(home=Home(root=folder), processes=processes, logs=logs, **given))
    return json.loads(processes.argv[-1])


def test_spark_is_set_for_few_rows_unless_asked_as_on_glue(tmp_path: Path) -> None:
    usual, as_on_glue = started(tmp_path), started(tmp_path, spark_as_on_glue=True)

    differ = {name for name in usual if usual[name] != as_on_glue.get(name)}
    assert differ - {"spark.local.dir", "spark.sql.warehouse.dir"} == SMALL_DATA.keys()
    # Java's own compilers and collector, Spark's own plans.
    java = "spark.driver.extraJavaOptions"
    assert SMALL_DATA.keys() & as_on_glue.keys() == {"spark.driver.memory", java}
    assert as_on_glue[java] == f'-Djava.io.tmpdir="{as_on_glue["spark.local.dir"]}"'
    assert "TieredStopAtLevel" not in json.dumps(as_on_glue)


class NoProcesses:
    """A machine that has none left."""

    def start(self, *_: Any, **__: Any) -> Any:
        raise BlockingIOError(11, "Resource temporarily unavailable")


def test_a_process_that_cannot_be_started_costs_its_session_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    processes: Any = NoProcesses()
    logs: Any = None
    context = Context(home=Home(root=tmp_path), processes=processes, logs=logs)
    pool = SparkPool(context, ahead=1)
    with caplog.at_level(logging.WARNING):
        pool.fill()
    assert "Resource temporarily unavailable" in caplog.text

    calls = Sessions(pool).calls()
    arguments = {"--datalake-formats": "iceberg", "--conf": f"spark.sql.extensions={EXTENSIONS}"}
    request = {"Id": "s", "GlueVersion": "5.1", "DefaultArguments": arguments}
    for _ in range(2):  # its name is not taken by the first time
        with pytest.raises(SessionRefusedError, match="session s was not started") as refused:
            calls["CreateSession"](request)
        assert refused.value.code == "InternalServiceException"
    assert calls["ListSessions"]({})["Ids"] == []
