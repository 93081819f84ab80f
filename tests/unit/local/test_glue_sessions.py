import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.until import until

pytestmark = pytest.mark.local_aws

EXTENSIONS = "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions"
CATALOG = "spark.sql.catalog.glue_catalog"
ARGUMENTS = {
    "--datalake-formats": "iceberg",
    "--conf": (
        f"spark.sql.extensions={EXTENSIONS}"
        f" --conf {CATALOG}=org.apache.iceberg.spark.SparkCatalog"
        f" --conf {CATALOG}.catalog-impl=org.apache.iceberg.aws.glue.GlueCatalog"
        f" --conf {CATALOG}.io-impl=org.apache.iceberg.aws.s3.S3FileIO"
        f" --conf {CATALOG}.warehouse=s3://glue-sessions"
        " --conf spark.sql.defaultCatalog=glue_catalog"
        " --conf spark.sql.session.timeZone=UTC"
    ),
}


def create(glue: Any, name: str, **given: Any) -> dict[str, Any]:
    request = {"GlueVersion": "5.1", "DefaultArguments": ARGUMENTS, "IdleTimeout": 10, **given}
    command = {"Name": "glueetl", "PythonVersion": "3"}
    role = "arn:aws:iam::123456789012:role/session"
    return glue.create_session(Id=name, Role=role, Command=command, **request)["Session"]


def result(glue: Any, session: str, number: int) -> dict[str, Any]:
    open_ = ("WAITING", "RUNNING", "CANCELLING")
    return until(lambda: statement(glue, session, number), lambda s: s["State"] not in open_)


def statement(glue: Any, session: str, number: int) -> dict[str, Any]:
    return glue.get_statement(SessionId=session, Id=number)["Statement"]


def run(glue: Any, session: str, code: str) -> dict[str, Any]:
    return result(glue, session, glue.run_statement(SessionId=session, Code=code)["Id"])


def begin(glue: Any) -> str:
    """The name of a session that is ready."""
    name = f"session-{uuid.uuid4().hex[:8]}"
    assert create(glue, name)["Status"] == "PROVISIONING"
    found = until(
        lambda: glue.get_session(Id=name)["Session"], lambda s: s["Status"] != "PROVISIONING"
    )
    assert found["Status"] == "READY", found.get("ErrorMessage")
    return name


def told(glue: Any, session: str, code: str) -> str:
    """What a statement that ran well has printed."""
    output = run(glue, session, code)["Output"]
    assert output["Status"] == "ok", output
    return output["Data"]["TextPlain"].strip()


@pytest.fixture(scope="module")
def glue(local_aws: Any) -> Any:
    return local_aws.client("glue")


@pytest.fixture(scope="module")
def session(local_aws: Any, glue: Any) -> Iterator[str]:
    """A session that is ready: some seconds of Spark, paid once."""
    local_aws.client("s3").create_bucket(Bucket="glue-sessions")
    glue.create_database(DatabaseInput={"Name": "sessions"})
    name = begin(glue)
    yield name
    glue.delete_session(Id=name)
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_session(Id=name)


def test_what_is_printed_comes_back(glue: Any, session: str) -> None:
    assert run(glue, session, "x = 2\nprint('one')")["State"] == "AVAILABLE"
    output = run(glue, session, "print(x)")["Output"]
    assert output == {"Status": "ok", "Data": {"TextPlain": "2\n"}}


def test_an_error_has_name_value_and_traceback(glue: Any, session: str) -> None:
    output = run(glue, session, "print('before'); raise ValueError('no')")["Output"]
    assert (output["Status"], output["ErrorName"]) == ("error", "ValueError")
    assert output["ErrorValue"] == "no"  # a string: dbt-glue crashes on null
    assert output["Traceback"][-1] == "ValueError: no"


def test_iceberg_in_the_glue_catalog(local_aws: Any, glue: Any, session: str) -> None:
    create_table = "create table sessions.t using iceberg as select id, 'a' s from range(10)"
    merge = (
        "merge into sessions.t t using (select id, 'b' s from range(5, 15)) d on t.id = d.id "
        "when matched then update set * when not matched then insert *"
    )
    code = f"spark.sql({create_table!r})\nspark.sql({merge!r})\n"
    code += "print(spark.table('sessions.t').count())"
    assert run(glue, session, code)["Output"]["Data"]["TextPlain"] == "15\n"
    table = glue.get_table(DatabaseName="sessions", Name="t")["Table"]
    assert table["Parameters"]["table_type"] == "ICEBERG"
    assert table["Parameters"]["metadata_location"].startswith("s3://glue-sessions/")


def test_settings_and_environment(glue: Any, session: str) -> None:
    code = """
import os
from awsglue.utils import getResolvedOptions
print(spark.conf.get("spark.sql.session.timeZone"), sorted(k for k in os.environ if "PERSIST" in k))
"""
    assert run(glue, session, code)["Output"]["Data"]["TextPlain"] == "UTC []\n"


# Each tells by a file that it is at work; the second, that Spark is.
SLEEPS = "import pathlib, time; pathlib.Path({file!r}).touch(); time.sleep(300)"
COUNTS = """
import pathlib, threading, time
def tell():
    while not sc.statusTracker().getActiveJobsIds():
        time.sleep(0.05)
    pathlib.Path({file!r}).touch()
threading.Thread(target=tell, daemon=True).start()
spark.range(10**12).selectExpr('sum(id * id)').collect()
"""


@pytest.mark.parametrize("code", [SLEEPS, COUNTS], ids=["python", "spark"])
def test_cancel_ends_a_statement_and_not_the_session(
    glue: Any, session: str, code: str, tmp_path: Path
) -> None:
    file = tmp_path / "at-work"
    number = glue.run_statement(SessionId=session, Code=code.format(file=str(file)))["Id"]
    waiting = glue.run_statement(SessionId=session, Code="print('never')")["Id"]
    until(file.exists)
    glue.cancel_statement(SessionId=session, Id=waiting)
    glue.cancel_statement(SessionId=session, Id=number)
    assert result(glue, session, number)["State"] == "CANCELLED"
    found = result(glue, session, waiting)
    assert (found["State"], found.get("Output")) == ("CANCELLED", None)
    assert told(glue, session, "print(spark.range(3).count())") == "3"
    assert number in [each["Id"] for each in glue.list_statements(SessionId=session)["Statements"]]


def test_cancel_ends_a_statement_that_has_just_begun(glue: Any, session: str) -> None:
    for _ in range(5):
        number = glue.run_statement(SessionId=session, Code="import time; time.sleep(300)")["Id"]
        glue.cancel_statement(SessionId=session, Id=number)
        assert result(glue, session, number)["State"] == "CANCELLED"
    assert told(glue, session, "print(1)") == "1"


def test_a_session_stopped_while_it_starts(glue: Any) -> None:
    name = f"early-{uuid.uuid4().hex[:8]}"
    create(glue, name)
    glue.stop_session(Id=name)
    assert glue.get_session(Id=name)["Session"]["Status"] == "STOPPED"
    assert name in glue.list_sessions()["Ids"]
    glue.delete_session(Id=name)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"GlueVersion": "5.0"}, "Iceberg 1.7.1"),
        ({"GlueVersion": "4.0"}, "Glue 5.1 sessions only"),
        ({"DefaultArguments": {}}, "--datalake-formats iceberg"),
        ({"DefaultArguments": {"--datalake-formats": "iceberg"}}, "spark.sql.extensions"),
    ],
)
def test_what_a_session_cannot_be_is_refused(
    glue: Any, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(glue.exceptions.InvalidInputException, match=message):
        create(glue, "refused", **given)


def test_unknown_sessions_and_statements(glue: Any, session: str) -> None:
    with pytest.raises(glue.exceptions.EntityNotFoundException, match="Session none not found"):
        glue.get_session(Id="none")
    with pytest.raises(ClientError, match="Statement 999"):
        glue.get_statement(SessionId=session, Id=999)


LEFT = """
x = 1
spark.range(3).cache().createOrReplaceTempView("seen")
spark.sql("select * from seen").collect()
spark.conf.set("spark.sql.shuffle.partitions", "7")
spark.conf.set("spark.sql.catalog.mine", "org.apache.iceberg.spark.SparkCatalog")
spark.conf.set("spark.sql.catalog.mine.type", "hadoop")
spark.conf.set("spark.sql.catalog.mine.warehouse", "file:/tmp")
spark.sql("show namespaces in mine")
"""
FOUND = """
from pyspark.sql import SparkSession
def raises(call):
    try:
        call()
    except Exception as error:
        return type(error).__name__
print(
    "x" in globals(),
    [row.tableName for row in spark.sql("show views in spark_catalog.default").collect()],
    sc._jsc.getPersistentRDDs().size(),
    spark.conf.get("spark.sql.shuffle.partitions"),
    spark.conf.get("spark.sql.catalog.mine", None),
    raises(lambda: spark.sql("show namespaces in mine")),
    SparkSession.builder.getOrCreate() is spark,
)
"""
PROCESS = "import os; print(os.getpid())"


def test_a_session_takes_the_process_of_another_and_nothing_of_it(glue: Any) -> None:
    first = begin(glue)
    process, untouched = told(glue, first, PROCESS), told(glue, first, FOUND)
    told(glue, first, LEFT)
    glue.delete_session(Id=first)

    second = begin(glue)
    assert told(glue, second, PROCESS) == process
    assert told(glue, second, FOUND) == untouched
    # Two at once have a process each.
    third = begin(glue)
    assert told(glue, third, PROCESS) != process
    for name in (second, third):
        glue.delete_session(Id=name)


def test_a_process_that_was_left_at_work_serves_nobody_else(glue: Any, tmp_path: Path) -> None:
    first = begin(glue)
    process = told(glue, first, PROCESS)
    glue.run_statement(SessionId=first, Code="import time; time.sleep(300)")
    waiting = glue.run_statement(SessionId=first, Code="print('never')")["Id"]
    glue.stop_session(Id=first)
    assert result(glue, first, waiting)["State"] == "CANCELLED"

    second = begin(glue)
    assert told(glue, second, PROCESS) != process
    file = tmp_path / "at-work"
    number = glue.run_statement(SessionId=second, Code=SLEEPS.format(file=str(file)))["Id"]
    until(file.exists)
    glue.cancel_statement(SessionId=second, Id=number)
    assert result(glue, second, number)["State"] == "CANCELLED"
    process = told(glue, second, PROCESS)
    glue.delete_session(Id=second)

    third = begin(glue)
    assert told(glue, third, PROCESS) != process
    glue.delete_session(Id=third)


def test_a_session_whose_process_dies_has_failed(glue: Any, session: str) -> None:
    # The last test: it uses up the session.
    with pytest.raises(glue.exceptions.AlreadyExistsException):
        create(glue, session)
    output = run(glue, session, "import os; os.kill(os.getpid(), 9)")["Output"]
    assert output["Status"] == "error"
    assert "The Spark process ended" in output["ErrorValue"]
    found = glue.get_session(Id=session)["Session"]
    assert found["Status"] == "FAILED"
    assert "The Spark process ended" in found["ErrorMessage"]
    with pytest.raises(glue.exceptions.IllegalSessionStateException):
        glue.run_statement(SessionId=session, Code="print(1)")
