"""What a role may do with a layer: in the catalog, with its files, under Lake Formation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from lakehouse_constructs._lake_formation import DESCRIBE, SELECT
from lakehouse_constructs._statements import READ_FILES, WRITE_FILES

READ_CATALOG: Final = ("GetDatabase", "GetDatabases", "GetTable", "GetTables", "GetPartitions")


@dataclass(frozen=True, kw_only=True)
class Access:
    """Rights on one layer. The permissions are those of Lake Formation."""

    actions: Sequence[str]  # of Glue, on the database and its tables
    files: Sequence[str]  # of S3, on the tables' files
    database: Sequence[str]  # permissions on the database
    tables: Sequence[str]  # permissions on each table

    @property
    def writes(self) -> bool:
        """Whether files are written, and so tables made."""
        return "s3:PutObject" in self.files


# PyIceberg loads, creates and commits; it drops nothing.
EXTRACT: Final = Access(
    actions=("GetDatabase", "GetTable", "CreateTable", "UpdateTable"),
    files=WRITE_FILES,
    database=(DESCRIBE, "CREATE_TABLE"),
    tables=(SELECT, "INSERT", "DELETE", "ALTER", DESCRIBE),
)
READ: Final = Access(
    actions=READ_CATALOG, files=READ_FILES, database=(DESCRIBE,), tables=(SELECT, DESCRIBE)
)
# dbt's SQL in a session: tables are made anew and dropped.
BUILD: Final = Access(
    actions=(*READ_CATALOG, "CreateTable", "UpdateTable", "DeleteTable"),
    files=WRITE_FILES,
    database=(DESCRIBE, "CREATE_TABLE"),
    tables=(SELECT, "INSERT", "DELETE", "ALTER", DESCRIBE, "DROP"),
)
# dbt itself: which tables are there, and what they look like.
LOOK_UP: Final = Access(
    actions=("GetDatabase", "GetTable", "GetTables"),
    files=(),
    database=(DESCRIBE,),
    tables=(DESCRIBE,),
)
