"""Where people query the marts."""

from typing import Any, Final

from aws_cdk import Stack
from aws_cdk import aws_athena as athena
from aws_cdk import aws_iam as iam
from constructs import Construct

from lakehouse_constructs._statements import (
    READ_FILES,
    allow,
    on_catalog,
    on_key,
    on_listing,
    on_objects,
)
from lakehouse_constructs.iceberg_catalog import IcebergCatalog, Layer
from lakehouse_constructs.lake_bucket import LakeBucket
from lakehouse_jobs.contract.runs import ATHENA_PREFIX

_GIB: Final = 1024**3


class QueryAccess(Construct):
    """An Athena workgroup whose settings a client cannot override.

    Results go to ``athena/`` in the lake bucket, where they expire.

    :ivar work_group: the workgroup; ``work_group.ref`` is its name.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        lake: LakeBucket,
        catalog: IcebergCatalog,
        name: str,
        scan_limit_gib: int = 100,
        **kwargs: Any,
    ) -> None:
        """Make the workgroup.

        :param lake: holds the tables, and the results under ``athena/``.
        :param catalog: the databases that are queried.
        :param name: the workgroup's name, unique in account and region.
        :param scan_limit_gib: a query that would scan more is stopped. Default: 100 GiB,
            about half a US dollar.
        """
        super().__init__(scope, id, **kwargs)
        self._lake = lake
        self._catalog = catalog
        self._name = name
        self.work_group = athena.CfnWorkGroup(
            self,
            "WorkGroup",
            name=name,
            description="Queries on the lakehouse",
            recursive_delete_option=True,  # named queries and history, never data
            work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
                enforce_work_group_configuration=True,
                publish_cloud_watch_metrics_enabled=True,
                bytes_scanned_cutoff_per_query=scan_limit_gib * _GIB,
                engine_version=athena.CfnWorkGroup.EngineVersionProperty(
                    selected_engine_version="Athena engine version 3"
                ),
                result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
                    output_location=lake.bucket.s3_url_for_object(ATHENA_PREFIX),
                    encryption_configuration=athena.CfnWorkGroup.EncryptionConfigurationProperty(
                        encryption_option="SSE_KMS", kms_key=lake.key.key_arn
                    ),
                ),
            ),
        )

    def grant_query(
        self, grantee: iam.IGrantable, *, layers: tuple[Layer, ...] = (Layer.MARTS,)
    ) -> None:
        """Let a user or role query in this workgroup.

        Everybody who may query in the workgroup can read all of its results, those of
        others and of layers that they were not granted: they lie under one prefix.

        :param grantee: the user or role.
        :param layers: that may be read. Default: the marts alone.
        """
        stack = Stack.of(self)
        databases = [self._catalog.name(layer) for layer in layers]
        work_group = stack.format_arn(
            service="athena", resource="workgroup", resource_name=self._name
        )
        data_catalog = stack.format_arn(
            service="athena", resource="datacatalog", resource_name="AwsDataCatalog"
        )
        statements = [
            allow(
                "athena:StartQueryExecution",
                "athena:GetQueryExecution",
                "athena:GetQueryResults",
                "athena:GetQueryResultsStream",
                "athena:StopQueryExecution",
                "athena:GetWorkGroup",
                on=[work_group],
            ),
            allow("athena:GetDataCatalog", on=[data_catalog]),
            on_catalog(
                self,
                databases=databases,
                actions=["GetDatabase", "GetDatabases", "GetTable", "GetTables", "GetPartitions"],
            ),
            *on_listing(self._lake.bucket, prefixes=[*(f"{d}/" for d in databases), ATHENA_PREFIX]),
            on_objects(
                self._lake.bucket, prefixes=[f"{d}/" for d in databases], actions=READ_FILES
            ),
            on_objects(
                self._lake.bucket,
                prefixes=[ATHENA_PREFIX],
                actions=["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"],
            ),
            on_key(self._lake.key, services=["s3"]),
        ]
        for statement in statements:
            grantee.grant_principal.add_to_principal_policy(statement.policy)
