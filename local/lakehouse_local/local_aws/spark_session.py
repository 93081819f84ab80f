"""A Spark driver that runs the statements of Glue sessions; started by `spark_workers`.

Runs in Glue's Python environment, not in this project's: it imports nothing of ours.
Speaks JSON lines over stdin and stdout. Argument 1: Spark's settings as a JSON object.
Says ``{"warm": …}`` when it can take a session. A line in that is an object begins a session
with these settings; the one before, if any, is over. A text is a statement's code. SIGINT
cancels the statement that runs; each line has its answer, whenever a signal comes.
"""

import contextlib
import io
import json
import os
import queue
import shutil
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from types import FrameType
from typing import Any


def main() -> None:
    """Serve one session after the other until stdin ends."""
    # Replies have a channel of their own; whatever Python or the JVM prints is log.
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    spark = start(json.loads(sys.argv[1]))
    warm_up(spark)
    interrupts = Interrupts(spark.sparkContext.cancelAllJobs)
    send(replies, {"warm": os.getpid()})
    namespace: dict[str, Any] = {}
    while line := sys.stdin.readline():
        message = json.loads(line)
        if isinstance(message, dict):
            namespace = begin(spark, message)
            send(replies, {"ready": True})
        else:
            answer = run(message, namespace, interrupts)
            interrupts.settle()
            send(replies, answer)


class Interrupts:
    """SIGINT while a statement runs cancels Spark's jobs, and raises in its Python code.

    Elsewhere it does nothing: a statement that was not read yet, or is answered already, has
    nothing to end. Whoever cancels sends the signal again until the statement is over.

    PySpark's own handler asks Java for it by the connection whose answer the statement waits
    for: the jobs go on, and the connection is of no use any more. Here another thread asks, and
    what waits for Java is left to get its answer, which is that its job was cancelled.
    """

    def __init__(self, cancel: Callable[[], None]) -> None:
        self.wanted = False
        self._cancel = cancel
        self._asked: queue.SimpleQueue[threading.Event | None] = queue.SimpleQueue()
        threading.Thread(target=self._work, daemon=True).start()
        signal.signal(signal.SIGINT, self._handle)

    def settle(self) -> None:
        """Wait until what was asked for is done: it must not meet the next statement's jobs."""
        done = threading.Event()
        self._asked.put(done)
        done.wait()

    def _handle(self, _: int, frame: FrameType | None) -> None:
        if not self.wanted:
            return
        self._asked.put(None)
        while frame is not None:
            if frame.f_globals.get("__name__", "").startswith("py4j."):
                return
            frame = frame.f_back
        raise KeyboardInterrupt

    def _work(self) -> None:
        while True:
            done = self._asked.get()
            if done is not None:
                done.set()
                continue
            try:
                self._cancel()
            except Exception as error:
                print(f"Spark's jobs were not cancelled: {error}", file=sys.stderr)


def begin(spark: Any, settings: dict[str, str]) -> dict[str, Any]:
    """A session's names. It shares no settings, views, catalogs or cache with the one before."""
    from pyspark.sql import SparkSession  # pyright: ignore[reportMissingImports]

    spark.catalog.clearCache()
    SparkSession._instantiatedSession = None  # the next one is what builder.getOrCreate() gives
    session = spark.newSession()
    for name, value in settings.items():
        if session.conf.get(name, None) == value:
            continue
        try:
            session.conf.set(name, value)
        except Exception as error:
            # Static settings (memory, serializer) belong to the process.
            print(f"{name} stays {session.conf.get(name, 'unset')}: {error}", file=sys.stderr)
    return {"spark": session, "sc": session.sparkContext, "__name__": "__main__"}


def start(settings: dict[str, str]) -> Any:
    """The Spark session with these static settings."""
    from pyspark.sql import SparkSession  # pyright: ignore[reportMissingImports]

    builder = SparkSession.builder.appName("glue-session")
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def warm_up(spark: Any) -> None:
    """Pay what the first statements cost (classes, code generation, Iceberg's writers).

    It happens in a Hadoop catalog in a temporary folder; 5 to 11 s before anyone waits.
    """
    # dbt-glue's wrapper imports it in each statement.
    import pandas  # noqa: F401  # pyright: ignore[reportMissingImports]

    folder = tempfile.mkdtemp(prefix="warm-")
    catalog = "spark.sql.catalog.warm"
    spark.conf.set(catalog, "org.apache.iceberg.spark.SparkCatalog")
    spark.conf.set(f"{catalog}.type", "hadoop")
    spark.conf.set(f"{catalog}.warehouse", f"file:{folder}")
    for statement in (
        """create table warm.a.t using iceberg as
           select id, cast(id as string) s, count(*) over (partition by id) n from range(10)""",
        "create or replace table warm.a.t using iceberg as select * from warm.a.t where id > 1",
        """merge into warm.a.t t using (select id, 'x' s, 1L n from range(5)) d on t.id = d.id
           when matched then update set * when not matched then insert *""",
        "select count(*) from (select id from warm.a.t group by id having count(*) > 1)",
        "drop table warm.a.t purge",
    ):
        spark.sql(statement).collect()
    shutil.rmtree(folder, ignore_errors=True)


def run(code: str, namespace: dict[str, Any], interrupts: Interrupts) -> dict[str, Any]:
    """Run one statement; its output, and the error if it raised, in Glue's form."""
    printed = io.StringIO()
    try:
        interrupts.wanted = True
        with contextlib.redirect_stdout(printed):
            exec(compile(code, "<stdin>", "exec"), namespace)  # noqa: S102 - what a session is for
        interrupts.wanted = False
    except BaseException as error:
        # Python looks for signals at calls and loops: none can come before this line.
        interrupts.wanted = False
        return {
            "Status": "error",
            "Data": {"TextPlain": printed.getvalue()},
            "ErrorName": type(error).__name__,
            "ErrorValue": str(error),  # dbt-glue crashes when it is null
            "Traceback": traceback.format_exc().splitlines(),
        }
    return {"Status": "ok", "Data": {"TextPlain": printed.getvalue()}}


def send(replies: io.TextIOBase, message: dict[str, Any]) -> None:
    """One line out."""
    replies.write(json.dumps(message) + "\n")


if __name__ == "__main__":
    main()
