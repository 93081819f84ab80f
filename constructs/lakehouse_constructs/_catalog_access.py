"""What a role may do with a layer: in the catalog, with its files, under Lake Formation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from constructs import Construct

from lakehouse_constructs._grants import grant
from lakehouse_constructs._lake_formation import (
    DATA_LOCATION_ACCESS,
    DESCRIBE,
    SELECT,
    LakeFormation,
    LakeFormationGrants,
    Target,
)
from lakehouse_constructs._layer import Layer
from lakehouse_constructs._statements import (
    READ_FILES,
    WRITE_FILES,
    Statement,
    allow,
    on_catalog,
    on_key,
    on_listing,
    on_objects,
)
from lakehouse_constructs.lake_bucket import LakeBucket

READ_CATALOG: Final = ("GetDatabase", "GetDatabases", "GetTable", "GetTables", "GetPartitions")


@dataclass(frozen=True, kw_only=True)
class Access:
    """Rights on a database. The permissions are those of Lake Formation."""

    actions: tuple[str, ...]  # of Glue, on the database and its tables
    files: tuple[str, ...]  # of S3, on the tables' files
    database: tuple[str, ...]  # permissions on the database
    tables: tuple[str, ...]  # permissions on each table
    vended: bool = False  # Lake Formation hands out the files where it can

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
# Spark opens files with the rights of its own role.
READ: Final = Access(
    actions=READ_CATALOG, files=READ_FILES, database=(DESCRIBE,), tables=(SELECT, DESCRIBE)
)
# Athena asks Lake Formation for the files of a registered location.
QUERY: Final = Access(
    actions=READ_CATALOG,
    files=READ_FILES,
    database=(DESCRIBE,),
    tables=(SELECT, DESCRIBE),
    vended=True,
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


@dataclass(frozen=True, kw_only=True)
class Share:
    """What is given of one database."""

    layer: Layer
    database: glue.IDatabase
    name: str  # of the database
    access: Access
    tables: Sequence[str] = ()  # none: all
    columns: Sequence[str] = ()  # of the one table; none: all

    @property
    def prefixes(self) -> list[str]:
        """Where the files lie in the bucket."""
        return [f"{self.name}/{t}/" for t in self.tables] or [f"{self.name}/"]


class CatalogAccess:
    """Gives roles their shares of a catalog, by IAM and, where it is on, Lake Formation."""

    def __init__(
        self, catalog: Construct, *, lake: LakeBucket, lake_formation: LakeFormation
    ) -> None:
        self._catalog = catalog
        self._lake = lake
        self._on = lake_formation != LakeFormation.OFF
        self._registered = lake_formation == LakeFormation.CATALOG_AND_FILES
        self._permissions = LakeFormationGrants(catalog)

    def give(self, grantee: iam.IGrantable, shares: Sequence[Share], *more: Statement) -> iam.Grant:
        """Give the grantee these shares, and whatever statements go with them."""
        if self._on:
            for share in shares:
                self._permit(grantee, share)
        statements = [
            *(statement for share in shares for statement in self._statements(share)),
            *more,
        ]
        return grant(grantee, statements, scope=self._catalog)

    def describe(self, grantee: iam.IGrantable, database: str) -> None:
        """Let Lake Formation show a database that is no layer."""
        if self._on:
            target = self._permissions.database(database, id=database.capitalize())
            self._permissions.permit(grantee, target, [DESCRIBE])

    def _permit(self, grantee: iam.IGrantable, share: Share) -> None:
        permissions, name, id = self._permissions, share.name, share.layer.capitalize()

        def permit(target: Target, allowed: Sequence[str]) -> None:
            permissions.permit(grantee, target, allowed, database=share.database)

        permit(permissions.database(name, id=id), share.access.database)
        if share.columns:
            (table,) = share.tables
            for column in share.columns:
                permit(permissions.column(name, table, column, id=id), [SELECT])
            return
        targets = [permissions.table(name, table, id=id) for table in share.tables]
        for target in targets or [permissions.all_tables(name, id=id)]:
            permit(target, share.access.tables)
        if self._registered and share.access.writes:
            location = permissions.location(self._lake.bucket.bucket_arn)
            permissions.permit(grantee, location, [DATA_LOCATION_ACCESS])

    def _statements(self, share: Share) -> list[Statement]:
        access = share.access
        on_tables = on_catalog(
            self._catalog, databases=[share.name], tables=share.tables, actions=access.actions
        )
        if not access.files:
            return [on_tables]
        if access.vended and self._registered:
            return [
                on_tables,
                allow(
                    "lakeformation:GetDataAccess",
                    on=["*"],
                    wildcard="GetDataAccess knows no resource; Lake Formation's grants decide",
                ),
            ]
        bucket = self._lake.bucket
        return [
            on_tables,
            on_objects(bucket, prefixes=share.prefixes, actions=access.files),
            *on_listing(bucket, prefixes=share.prefixes),
            on_key(self._lake.key, services=["s3"], write=access.writes),
        ]
