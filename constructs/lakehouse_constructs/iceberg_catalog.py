"""The Glue databases of the layers."""

from enum import StrEnum
from typing import Any

from aws_cdk import RemovalPolicy
from aws_cdk import aws_glue as glue
from aws_cdk import aws_s3 as s3
from constructs import Construct

from lakehouse_constructs._removal import confirmed


class Layer(StrEnum):
    """A layer of the lakehouse and the suffix of its database."""

    RAW = "raw"
    STAGING = "staging"
    INTERMEDIATE = "intermediate"
    MARTS = "marts"


class IcebergCatalog(Construct):
    """A Glue database for each layer: ``<prefix>_raw``, ``_staging`` and so on.

    The databases have physical names, because people and dbt write them into queries.
    Their tables lie at ``s3://<bucket>/<database>/<table>/``. No table is made here: the
    extraction makes the raw ones, dbt the others, and a schema has one owner.

    :ivar databases: the database of each layer.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        bucket: s3.IBucket,
        prefix: str,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
        **kwargs: Any,
    ) -> None:
        """Make the databases.

        :param bucket: the lake bucket.
        :param prefix: begins the names, for example ``lakehouse_dev``: a-z, 0-9 and _.
        :param removal_policy: DESTROY deletes databases with all table definitions, and
            needs the context flag ``lakehouse:allow-destroy=true``. Default: RETAIN.
        """
        super().__init__(scope, id, **kwargs)
        removal = confirmed(self, removal_policy)
        self._prefix = prefix
        self.databases: dict[Layer, glue.Database] = {}
        for layer in Layer:
            name = self.name(layer)
            database = glue.Database(
                self,
                layer.capitalize(),
                database_name=name,
                location_uri=f"s3://{bucket.bucket_name}/{name}/",
                description=f"Lakehouse layer {layer}",
            )
            database.apply_removal_policy(removal)
            self.databases[layer] = database

    def name(self, layer: Layer) -> str:
        """Name of a layer's database, known at synthesis."""
        return f"{self._prefix}_{layer}"

    @property
    def names(self) -> list[str]:
        """Names of all the databases."""
        return [self.name(layer) for layer in Layer]
