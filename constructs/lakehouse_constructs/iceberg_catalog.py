"""The Glue databases of the layers, and who may use them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from aws_cdk import RemovalPolicy
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from constructs import Construct

from lakehouse_constructs._catalog_access import BUILD, EXTRACT, LOOK_UP, READ, Access
from lakehouse_constructs._grants import grant
from lakehouse_constructs._lake_formation import (
    DATA_LOCATION_ACCESS,
    DESCRIBE,
    LakeFormation,
    LakeFormationGrants,
)
from lakehouse_constructs._removal import confirmed
from lakehouse_constructs._statements import (
    Statement,
    allow,
    glue_arn,
    on_catalog,
    on_key,
    on_listing,
    on_objects,
)
from lakehouse_constructs.lake_bucket import LakeBucket


class Layer(StrEnum):
    """A layer of the lakehouse and the suffix of its database."""

    RAW = "raw"
    STAGING = "staging"
    INTERMEDIATE = "intermediate"
    MARTS = "marts"


_OF_DBT = (Layer.STAGING, Layer.INTERMEDIATE, Layer.MARTS)
# Spark asks for these, whether they exist or not.
_ASKED_FOR = ("default", "global_temp")


class IcebergCatalog(Construct):
    """A Glue database for each layer: ``<prefix>_raw``, ``_staging`` and so on.

    The databases have physical names, because people and dbt write them into queries.
    Their tables lie at ``s3://<bucket>/<database>/<table>/``. No table is made here: the
    extraction makes the raw ones, dbt the others, and a schema has one owner.

    :ivar lake: the bucket and its key.
    :ivar databases: the database of each layer.
    :ivar lake_formation: what Lake Formation decides.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        lake: LakeBucket,
        prefix: str,
        lake_formation: LakeFormation = LakeFormation.OFF,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
        **kwargs: Any,
    ) -> None:
        """Make the databases.

        :param lake: the bucket that holds the tables, and its key.
        :param prefix: begins the names, for example ``lakehouse_dev``: a-z, 0-9 and _.
        :param lake_formation: what Lake Formation decides in this account. Where it is on,
            tables of the databases answer to its grants alone, and each ``grant_…`` makes
            them; the role that deploys must be a Lake Formation administrator.
            Default: nothing, IAM alone decides.
        :param removal_policy: DESTROY deletes databases with all table definitions, and
            needs the context flag ``lakehouse:allow-destroy=true``. Default: RETAIN.
        """
        super().__init__(scope, id, **kwargs)
        removal = confirmed(self, removal_policy)
        self.lake = lake
        self.lake_formation = lake_formation
        self._prefix = prefix
        self._grants = LakeFormationGrants(self)
        self.databases: dict[Layer, glue.Database] = {}
        for layer in Layer:
            name = self.name(layer)
            database = glue.Database(
                self,
                layer.capitalize(),
                database_name=name,
                location_uri=f"s3://{lake.bucket.bucket_name}/{name}/",
                description=f"Lakehouse layer {layer}",
            )
            database.apply_removal_policy(removal)
            if lake_formation != LakeFormation.OFF:
                _leave_tables_to_lake_formation(database)
            self.databases[layer] = database

    def name(self, layer: Layer) -> str:
        """Name of a layer's database, known at synthesis.

        :param layer: which one.
        """
        return f"{self._prefix}_{layer}"

    @property
    def names(self) -> list[str]:
        """Names of all the databases."""
        return [self.name(layer) for layer in Layer]

    def grant_extraction(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let a job make and write raw tables: their definitions and their files.

        It may read the files, and drops no table. What else the job needs (its logs, a
        secret, the prefixes of its own) is not granted here.
        """
        return self._grant(grantee, {Layer.RAW: EXTRACT})

    def grant_build(self, grantee: iam.IGrantable, *, session_role: iam.IGrantable) -> iam.Grant:
        """Let dbt look up tables, and let its sessions read raw and write the other layers.

        :param grantee: runs dbt, which lists databases and tables, and reads no file.
        :param session_role: runs dbt's SQL on Glue. Where Lake Formation is on it also gets
            DESCRIBE on the database ``default``, which Spark asks for at its start: it
            must exist.
        """
        looked_up = self._grant(
            grantee,
            dict.fromkeys(Layer, LOOK_UP),
            allow(
                "glue:GetDatabases",
                on=[glue_arn(self, "catalog"), glue_arn(self, "database", "*")],
                wildcard="dbt-glue lists all databases; refused, it would create its own",
            ),
        )
        if self.lake_formation != LakeFormation.OFF:
            default = self._grants.database("default", id="Default")
            self._grants.permit(session_role, default, [DESCRIBE])
        built = self._grant(
            session_role,
            {Layer.RAW: READ, **dict.fromkeys(_OF_DBT, BUILD)},
            self._on_functions(),
        )
        return looked_up.combine(built)

    def _on_functions(self) -> Statement:
        asked_for = [*_ASKED_FOR, *self.names]
        return allow(
            "glue:GetDatabase",
            "glue:GetUserDefinedFunctions",
            on=[
                glue_arn(self, "catalog"),
                *(glue_arn(self, "database", name) for name in asked_for),
                *(glue_arn(self, "userDefinedFunction", f"{name}/*") for name in asked_for),
            ],
            wildcard="Spark lists the functions of a database; there are none",
        )

    def _grant(
        self, grantee: iam.IGrantable, layers: Mapping[Layer, Access], *more: Statement
    ) -> iam.Grant:
        if self.lake_formation != LakeFormation.OFF:
            self._permit(grantee, layers)
        return grant(grantee, [*self._statements(layers), *more], scope=self)

    def _statements(self, layers: Mapping[Layer, Access]) -> list[Statement]:
        bucket = self.lake.bucket
        statements = []
        for access in dict.fromkeys(layers.values()):
            databases = [self.name(layer) for layer, its in layers.items() if its is access]
            statements.append(on_catalog(self, databases=databases, actions=access.actions))
            if access.files:
                prefixes = [f"{database}/" for database in databases]
                statements.append(on_objects(bucket, prefixes=prefixes, actions=access.files))
        with_files = [self.name(layer) for layer, access in layers.items() if access.files]
        if with_files:
            writes = any(access.writes for access in layers.values())
            statements += [
                *on_listing(bucket, prefixes=[f"{database}/" for database in with_files]),
                on_key(self.lake.key, services=["s3"], write=writes),
            ]
        return statements

    def _permit(self, grantee: iam.IGrantable, layers: Mapping[Layer, Access]) -> None:
        for layer, access in layers.items():
            name, id = self.name(layer), layer.capitalize()
            self._grants.permit(grantee, self._grants.database(name, id=id), access.database)
            self._grants.permit(grantee, self._grants.all_tables(name, id=id), access.tables)
        registered = self.lake_formation == LakeFormation.CATALOG_AND_FILES
        if registered and any(access.writes for access in layers.values()):
            location = self._grants.location(self.lake.bucket.bucket_arn)
            self._grants.permit(grantee, location, [DATA_LOCATION_ACCESS])


def _leave_tables_to_lake_formation(database: glue.Database) -> None:
    # Without the empty list new tables would get the account's default, in an account that
    # was never switched over: everybody with rights in IAM, whatever else is granted.
    cfn_database = database.node.default_child
    assert isinstance(cfn_database, glue.CfnDatabase)  # noqa: S101 - for the type checker
    cfn_database.add_property_override("DatabaseInput.CreateTableDefaultPermissions", [])
