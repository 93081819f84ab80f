"""The demo org's old lake: what a load of the kind that is being replaced makes of the same org.

Each load dumps the living records of an object and merges them into one Hive table of
Parquet, ``sf_account`` and so on, in a Glue database of its own. Its habits are those of such
systems: timestamps and flags are text, ids have 15 characters, and a record that is gone from
Salesforce stays as it last was. Only ``in_last_load`` tells that it was not seen again.
"""

import io
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from typing import Any, Final

from lakehouse_local.home import ACCOUNT, Home
from lakehouse_local.salesforce_org.identifiers import DIGITS
from lakehouse_local.salesforce_org.store import FILE

DATABASE: Final = "old_lake"
BUCKET: Final = f"old-lake-{ACCOUNT}"
LOST: Final = 200  # records of a planted batch
_COMMON: Final = ("Id", "Name", "OwnerId", "CreatedDate", "SystemModstamp")
OBJECTS: Final[Mapping[str, tuple[str, ...]]] = {
    "Account": (
        *("Type", "Industry", "Rating", "AccountSource", "Ownership", "ParentId", "BillingCity"),
        *("BillingState", "BillingPostalCode", "BillingCountry", "AnnualRevenue"),
        "NumberOfEmployees",
    ),
    "Contact": (
        *("AccountId", "ReportsToId", "FirstName", "LastName", "Title", "Department", "Email"),
        *("Phone", "LeadSource", "MailingCity", "MailingState", "MailingPostalCode"),
        *("MailingCountry", "HasOptedOutOfEmail", "DoNotCall", "LastModifiedDate"),
    ),
    "Opportunity": (
        *("AccountId", "CampaignId", "Type", "LeadSource", "StageName", "Amount", "Probability"),
        *("IsClosed", "IsWon", "CloseDate", "LastModifiedDate"),
    ),
}
_SERDE: Final = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "SerdeInfo": {
        "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
    },
}
Row = dict[str, Any]


def load(home: Home, client: Callable[[str], Any]) -> dict[str, int]:
    """Dump every object of the org into the old lake; rows by table.

    ``client`` makes boto3's clients of the local AWS.
    """
    s3, glue = client("s3"), client("glue")
    s3.create_bucket(Bucket=BUCKET)
    with suppress(glue.exceptions.AlreadyExistsException):
        glue.create_database(DatabaseInput={"Name": DATABASE})
    rows = {}
    # A reader of its own beside the server, which alone writes.
    with closing(sqlite3.connect(f"file:{home.org / FILE}?mode=ro", uri=True)) as org:
        for name, fields in OBJECTS.items():
            types = _types(org, name)
            found = _living(org, name, (*_COMMON, *fields), types)
            table = f"sf_{name.lower()}"
            merged = _merged(_rows(s3, table), found)
            _write(s3, table, merged, types)
            _register(glue, table, merged, types)
            rows[table] = len(merged)
    return rows


def plant_lost_batch(client: Callable[[str], Any]) -> list[str]:
    """A fault: accounts that the old lake has got, and the new system never will; their ids."""
    s3 = client("s3")
    rows = _rows(s3, "sf_account")
    batch = [
        row | {"id": f"{row['id'][:-5]}{DIGITS[-1]}{row['id'][-4:]}"}
        for row in rows[-LOST:]
        if row["in_last_load"] == "true"
    ]
    types = {"annualrevenue": "double", "numberofemployees": "int"}
    _write(s3, "sf_account", [*rows, *batch], types)
    return [row["id"] for row in batch]


def _types(org: sqlite3.Connection, name: str) -> dict[str, str]:
    """Glue's type of each column that is not text, by its name in lower case."""
    described = org.execute(f'PRAGMA table_info("r_{name}")').fetchall()
    return {column.lower(): "double" for _, column, type_, *_ in described if type_ == "REAL"} | {
        "numberofemployees": "int"
    }


def _living(
    org: sqlite3.Connection, name: str, fields: Sequence[str], types: Mapping[str, str]
) -> list[Row]:
    # SQLite would take a name that the table lacks for a text.
    there = {column for _, column, *_ in org.execute(f'PRAGMA table_info("r_{name}")')}
    columns = ", ".join(f'"{field}"' if field in there else "NULL" for field in fields)
    found = org.execute(f'SELECT {columns} FROM "r_{name}" WHERE "IsDeleted" = 0')  # noqa: S608
    names = [field.lower() for field in fields]
    return [
        {n: _habit(n, v, types) for n, v in zip(names, values, strict=True)}
        | {"in_last_load": "true"}
        for values in found
    ]


def _habit(name: str, value: Any, types: Mapping[str, str]) -> Any:
    """A value as the old load writes it."""
    if value is None or name in types:
        return value
    if isinstance(value, int):
        return "true" if value else "false"
    if name == "id" or (name.endswith("id") and len(value) == 18):
        return value[:15]
    if name.endswith(("date", "stamp")) and value.endswith("Z"):
        return value.replace("T", " ").removesuffix("Z")
    return value


def _key(table: str) -> str:
    return f"{table}/data.parquet"


def _rows(s3: Any, table: str) -> list[Row]:
    import pyarrow.parquet as pq

    try:
        body = s3.get_object(Bucket=BUCKET, Key=_key(table))["Body"].read()
    except s3.exceptions.NoSuchKey:
        return []
    return pq.read_table(io.BytesIO(body)).to_pylist()


def _merged(before: Sequence[Row], found: Sequence[Row]) -> list[Row]:
    gone = {row["id"]: row | {"in_last_load": "false"} for row in before}
    return list((gone | {row["id"]: row for row in found}).values())


def _write(s3: Any, table: str, rows: Sequence[Row], types: Mapping[str, str]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrow = {"double": pa.float64(), "int": pa.int32()}
    schema = pa.schema([(n, arrow.get(types.get(n, ""), pa.string())) for n in rows[0]])
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), sink)
    s3.put_object(Bucket=BUCKET, Key=_key(table), Body=sink.getvalue())


def _register(glue: Any, table: str, rows: Sequence[Row], types: Mapping[str, str]) -> None:
    columns = [{"Name": name, "Type": types.get(name, "string")} for name in rows[0]]
    described = {"Columns": columns, "Location": f"s3://{BUCKET}/{table}/", **_SERDE}
    given = {"Name": table, "TableType": "EXTERNAL_TABLE", "StorageDescriptor": described}
    try:
        glue.create_table(DatabaseName=DATABASE, TableInput=given)
    except glue.exceptions.AlreadyExistsException:
        glue.update_table(DatabaseName=DATABASE, TableInput=given)
