"""The Glue databases of the layers, and who may use them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from aws_cdk import RemovalPolicy
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from constructs import Construct

from lakehouse_constructs._catalog_access import (
    BUILD,
    EXTRACT,
    LOOK_UP,
    QUERY,
    READ,
    Access,
    CatalogAccess,
    Share,
)
from lakehouse_constructs._checks import check_form, refused
from lakehouse_constructs._errors import SynthesisError
from lakehouse_constructs._kinds import check_kinds
from lakehouse_constructs._lake_formation import LakeFormation
from lakehouse_constructs._layer import Layer
from lakehouse_constructs._removal import confirmed
from lakehouse_constructs._statements import Statement, allow, glue_arn, glue_arns
from lakehouse_constructs.lake_bucket import LakeBucket

_PREFIX: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_NAME: Final = re.compile(r"[a-z0-9_]{1,255}")  # of a table or column, as Glue keeps them
# Spark asks for these, whether they exist or not.
_DEFAULT: Final = "default"
_ASKED_FOR: Final = (_DEFAULT, "global_temp")


class IcebergCatalog(Construct):
    """A Glue database for each layer: ``<prefix>_raw``, ``_staging`` and so on.

    The databases have physical names, because people and dbt write them into queries.
    Their tables lie at ``s3://<bucket>/<database>/<table>/``. It makes databases and
    nothing else, and takes those that exist. At rest it costs nothing: the Data Catalog's
    first million objects are free.

    It never makes a table (the extraction makes the raw ones, dbt the others, and a schema
    has one owner), never gives a reader raw without being asked for raw by name, and never
    touches Lake Formation's settings of the account.

    :ivar lake: the bucket and its key.
    :ivar databases: the database of each layer, made here or given.
    :ivar lake_formation: what Lake Formation decides.
    """

    @check_kinds
    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        lake: LakeBucket,
        prefix: str | None = None,
        databases: Mapping[Layer, glue.IDatabase] | None = None,
        lake_formation: LakeFormation = LakeFormation.OFF,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
        **kwargs: Any,
    ) -> None:
        """Make the databases that do not exist. Raises SynthesisError.

        :param lake: the bucket that holds the tables, and its key.
        :param prefix: begins the names of the databases that are made, for example
            ``lakehouse_dev``: a-z, 0-9 and _, a letter first. Default: none is made, and a
            layer that ``databases`` leaves out cannot be used.
        :param databases: existing databases by layer. They stay as they are: location,
            removal policy, default permissions. Default: none.
        :param lake_formation: what Lake Formation decides in this account. Where it is on,
            tables of the databases made here answer to its grants alone, and each
            ``grant_…`` writes them; the role that deploys must be a Lake Formation
            administrator. CATALOG_AND_FILES needs the bucket to be registered as a data
            location before the deployment: one made in this app is deployed with CATALOG
            first. Default: nothing, IAM alone decides.
        :param removal_policy: DESTROY deletes the databases made here with all table
            definitions, and needs the context flag ``lakehouse:allow-destroy=true``.
            Default: RETAIN, once the deployment that makes them has succeeded.
        """
        super().__init__(scope, id, **kwargs)
        given = {} if databases is None else dict(databases)
        missing = [layer for layer in Layer if layer not in given]
        if prefix is not None:
            allowed = "a-z, 0-9 and _, a letter first, at most 64 characters"
            check_form(self, "prefix", prefix, _PREFIX, allowed)
            if not missing:
                raise refused(self, "prefix", prefix, "none, as databases= has every layer")
        elif not given:
            raise refused(self, "prefix", prefix, "a text such as lakehouse_dev, or databases=")
        self.lake = lake
        self.lake_formation = lake_formation
        self._access = CatalogAccess(self, lake=lake, lake_formation=lake_formation)
        self.databases: dict[Layer, glue.IDatabase] = given
        self._names = {layer: database.database_name for layer, database in given.items()}
        if prefix is not None:
            removal = confirmed(self, removal_policy)
            for layer in missing:
                self._names[layer] = f"{prefix}_{layer}"
                self.databases[layer] = self._database(layer, removal)

    @classmethod
    def from_prefix(
        cls,
        scope: Construct,
        id: str,
        *,
        lake: LakeBucket,
        prefix: str,
        lake_formation: LakeFormation = LakeFormation.OFF,
    ) -> "IcebergCatalog":
        """The catalog of a lakehouse that another app deploys, for apps that read from it.

        :param lake: its bucket and key, for example ``LakeBucket(…, bucket=…, key=…)``.
        :param prefix: with which it was made.
        :param lake_formation: as there. Default: off.
        """
        check_form(scope, "prefix", prefix, _PREFIX, "a-z, 0-9 and _, a letter first")
        databases = Construct(scope, f"{id}Databases")
        arns = {layer: glue_arn(scope, "database", f"{prefix}_{layer}") for layer in Layer}
        return cls(
            scope,
            id,
            lake=lake,
            databases={
                layer: glue.Database.from_database_arn(databases, layer.capitalize(), arn)
                for layer, arn in arns.items()
            },
            lake_formation=lake_formation,
        )

    def name(self, layer: Layer) -> str:
        """Name of a layer's database: known at synthesis, unless a given one's is not."""
        if layer not in self._names:
            raise SynthesisError(
                f"{self.node.path}: databases: got none for the layer {layer}; pass it, or "
                "prefix= to have it made"
            )
        return self._names[layer]

    @property
    def names(self) -> list[str]:
        """Names of all the databases."""
        return [self._names[layer] for layer in Layer if layer in self._names]

    @check_kinds
    def grant_read(
        self,
        grantee: iam.IGrantable,
        *,
        layer: Layer = Layer.MARTS,
        tables: Sequence[str] = (),
        columns: Sequence[str] = (),
    ) -> iam.Grant:
        """Let a role or user read tables of a layer, in Athena or any engine on Glue.

        Under Lake Formation a table or column that is named must exist when the grant is
        deployed: deploy such readers after the first build. Raises SynthesisError.

        :param grantee: who reads.
        :param layer: raw is read by those alone who are given it by name. Default: the marts.
        :param tables: names, in lower case. Default: all, those to come too.
        :param columns: names, in lower case, of the one table in ``tables``. Needs
            ``LakeFormation.CATALOG_AND_FILES``: IAM knows no columns, and whoever can open
            a file sees all of them. Default: all.
        """
        for prop, names in (("tables", tables), ("columns", columns)):
            for name in names:
                check_form(self, prop, name, _NAME, "names in a-z, 0-9 and _")
        if columns and len(tables) != 1:
            raise refused(self, "tables", tuple(tables), "one table, as columns= names some of it")
        if columns and self.lake_formation != LakeFormation.CATALOG_AND_FILES:
            raise refused(
                self,
                "columns",
                tuple(columns),
                f"none with lake_formation={self.lake_formation}: only Lake Formation knows "
                "columns, with the bucket registered (LakeFormation.CATALOG_AND_FILES)",
            )
        share = Share(
            layer=layer,
            name=self.name(layer),
            database=self.databases[layer],
            access=QUERY,
            tables=tuple(dict.fromkeys(tables)),
            columns=tuple(dict.fromkeys(columns)),
        )
        return self._access.give(grantee, [share])

    @check_kinds
    def grant_extraction(self, grantee: iam.IGrantable, *, tables: Sequence[str] = ()) -> iam.Grant:
        """Let a job make and write raw tables: their definitions and their files.

        It may read the files, and drops no table. What else the job needs (its logs, a
        secret, the prefixes of its own) is not granted here.

        :param grantee: the job's role.
        :param tables: names, in lower case; under Lake Formation they must exist when the
            grant is deployed. Default: all, those to come too.
        """
        share = replace(self._share(Layer.RAW, EXTRACT), tables=tuple(tables))
        return self._access.give(grantee, [share])

    @check_kinds
    def grant_build(self, grantee: iam.IGrantable, *, session_role: iam.IGrantable) -> iam.Grant:
        """Let dbt look up tables, and let its sessions read raw and write the other layers.

        :param grantee: runs dbt, which lists databases and tables, and reads no file.
        :param session_role: runs dbt's SQL on Glue. Spark asks for the database ``default``
            at its start and makes it where an account has none, so the role may make this
            one. Where Lake Formation is on it gets DESCRIBE on it instead: it must exist.
        """
        looked_up = self._access.give(
            grantee,
            [self._share(layer, LOOK_UP) for layer in Layer],
            allow(
                "glue:GetDatabases",
                on=glue_arns(self, "catalog", "database/*"),
                wildcard="dbt-glue lists all databases; refused, it would create its own",
            ),
        )
        self._access.describe(session_role, _DEFAULT)
        asked_for = [*_ASKED_FOR, *self.names]
        built = self._access.give(
            session_role,
            [self._share(layer, READ if layer == Layer.RAW else BUILD) for layer in Layer],
            allow(
                "glue:GetDatabase",
                "glue:GetUserDefinedFunctions",
                on=glue_arns(
                    self,
                    "catalog",
                    *(f"database/{name}" for name in asked_for),
                    *(f"userDefinedFunction/{name}/*" for name in asked_for),
                ),
                wildcard="Spark lists the functions of a database; there are none",
            ),
            *self._to_make_default(),
        )
        return looked_up.combine(built)

    def _to_make_default(self) -> list[Statement]:
        """What Glue's metastore client does where an account has no ``default``.

        It looks for that database before the first statement, makes it, and ends where it
        may not (createDefaultDatabase in awslabs/aws-glue-data-catalog-client-for-apache-
        hive-metastore). Under Lake Formation the grant on it has failed before.
        """
        if self.lake_formation != LakeFormation.OFF:
            return []
        return [allow("glue:CreateDatabase", on=glue_arns(self, "catalog", f"database/{_DEFAULT}"))]

    def _share(self, layer: Layer, access: Access) -> Share:
        return Share(
            layer=layer, name=self.name(layer), database=self.databases[layer], access=access
        )

    def _database(self, layer: Layer, removal: RemovalPolicy) -> glue.IDatabase:
        name = self._names[layer]
        database = glue.Database(
            self,
            layer.capitalize(),
            database_name=name,
            location_uri=f"s3://{self.lake.bucket.bucket_name}/{name}/",
            description=f"Lakehouse layer {layer}",
        )
        if removal == RemovalPolicy.RETAIN:
            # What a deployment made that is rolled back is empty, and its name would be in the
            # way of the next deployment.
            removal = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
        database.apply_removal_policy(removal)
        if self.lake_formation != LakeFormation.OFF:
            # Without the empty list new tables would get the account's default: in an
            # account that was never switched over, everybody with rights in IAM.
            cfn_database = database.node.default_child
            assert isinstance(cfn_database, glue.CfnDatabase)  # noqa: S101 - for the type checker
            cfn_database.add_property_override("DatabaseInput.CreateTableDefaultPermissions", [])
        return database
