"""A Spark driver that runs the statements of one Glue session; started by `spark_workers`.

Runs in Glue's Python environment, not in this project's: it imports nothing of ours.
Speaks JSON lines over stdin and stdout. Argument 1: Spark's settings as a JSON object.
Says ``{"warm": …}`` when it can take a session; the first line in holds the session's
settings, each further line a statement's code.
"""

import contextlib
import io
import json
import os
import shutil
import sys
import tempfile
import traceback
from typing import Any


def main() -> None:
    """Serve one session until stdin ends."""
    # Replies have a channel of their own; whatever Python or the JVM prints is log.
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    spark = start(json.loads(sys.argv[1]))
    warm_up(spark)
    send(replies, {"warm": os.getpid()})
    settings = json.loads(sys.stdin.readline() or "null")
    if settings is None:
        return  # the server ended before a session came
    for name, value in settings.items():
        if spark.conf.get(name, None) == value:
            continue
        try:
            spark.conf.set(name, value)
        except Exception as error:
            # Static settings (memory, serializer) belong to the pool's process.
            print(f"{name} stays {spark.conf.get(name, 'unset')}: {error}", file=sys.stderr)
    send(replies, {"ready": True})
    namespace = {"spark": spark, "sc": spark.sparkContext, "__name__": "__main__"}
    while True:
        try:
            line = sys.stdin.readline()
        except KeyboardInterrupt:
            continue  # a cancellation that came after its statement's end
        if not line:
            return
        send(replies, run(json.loads(line), namespace))


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


def run(code: str, namespace: dict[str, Any]) -> dict[str, Any]:
    """Run one statement; its output, and the error if it raised, in Glue's form."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(code, "<stdin>", "exec"), namespace)  # noqa: S102 - what a session is for
    except BaseException as error:
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
