"""Where people query the marts."""

import re
from typing import Any, Final

from aws_cdk import Duration, Stack
from aws_cdk import aws_athena as athena
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk.interfaces import aws_athena as athena_interfaces
from constructs import Construct

from lakehouse_constructs._checks import (
    check_folder,
    check_form,
    check_unused,
    check_whole,
    refused,
)
from lakehouse_constructs._grants import grant
from lakehouse_constructs._kinds import check_kinds
from lakehouse_constructs._statements import (
    Statement,
    allow,
    glue_arns,
    on_key,
    on_listing,
    on_objects,
)
from lakehouse_constructs.iceberg_catalog import IcebergCatalog, Layer
from lakehouse_constructs.lake_bucket import LakeBucket
from lakehouse_jobs.contract.runs import ATHENA_PREFIX

_GIB: Final = 1024**3
_NAME: Final = re.compile(r"[a-zA-Z0-9._-]{1,128}")
_SCAN_LIMIT_GIB: Final = 100
_LARGEST_SCAN_GIB: Final = 1024**2  # a pebibyte


class QueryAccess(Construct):
    """An Athena workgroup whose settings a client cannot override, or an existing one.

    Its results lie in a folder of its own in the lake bucket, encrypted with the lake's
    key, and expire with what else lies under ``athena/``. Everybody who may query in a
    workgroup can read all of its results, also those of layers that they were not granted:
    give each team that must not see another's a ``QueryAccess`` of its own.

    At rest it costs nothing; a query costs about US$ 5 for each TB that it scans. It never
    lets anybody query: rights come with ``grant_query``. Its query history goes with it
    when it leaves the stack, its results and data do not.

    :ivar work_group: the workgroup, made here or given.
    :ivar work_group_name: its name.
    :ivar results_prefix: the folder of its results in the lake bucket; None where an
        existing workgroup keeps them elsewhere.
    """

    @check_kinds
    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        lake: LakeBucket,
        catalog: IcebergCatalog,
        name: str | None = None,
        work_group: athena_interfaces.IWorkGroupRef | None = None,
        results_prefix: str | None = None,
        scan_limit_gib: int | None = None,
        **kwargs: Any,
    ) -> None:
        """Make the workgroup, or take what exists. Raises SynthesisError.

        :param lake: holds the tables and the results.
        :param catalog: the databases that are queried.
        :param name: of a new workgroup, unique in account and region: letters, digits, ``.``,
            ``_`` and ``-``. Default: none, and ``work_group`` is needed.
        :param work_group: an existing one, for example a ``CfnWorkGroup``. It keeps its
            settings. Default: a new one.
        :param results_prefix: the folder of the results, below ``athena/`` where they
            expire, ending with a slash. With ``work_group``: where in the lake bucket it
            writes. None may lie inside another's: who reads ``athena/a/`` reads
            ``athena/a/b/`` too, and no construct knows of the others.
            Default: ``athena/<name>/``; with ``work_group`` none, and whoever owns
            it grants its results.
        :param scan_limit_gib: a query that would scan more is stopped, from 1 GiB to
            1,048,576. Default: 100 GiB, about half a US dollar.
        """
        super().__init__(scope, id, **kwargs)
        self._lake = lake
        self._catalog = catalog
        if results_prefix is not None:
            check_folder(self, "results_prefix", results_prefix, below=ATHENA_PREFIX)
        if scan_limit_gib is not None:
            check_whole(self, "scan_limit_gib", scan_limit_gib, low=1, high=_LARGEST_SCAN_GIB)
        self.results_prefix: str | None = results_prefix
        if work_group is not None:
            allowed = "none with work_group=, which keeps its own"
            check_unused(self, allowed, name=name, scan_limit_gib=scan_limit_gib)
            self.work_group: athena_interfaces.IWorkGroupRef = work_group
            self.work_group_name: str = work_group.work_group_ref.work_group_name
            return
        if name is None:
            raise refused(self, "name", name, "a name, or work_group=")
        check_form(self, "name", name, _NAME, "letters, digits, '.', '_' and '-', at most 128")
        if results_prefix is None:
            self.results_prefix = f"{ATHENA_PREFIX}{name}/"
        limit = _SCAN_LIMIT_GIB if scan_limit_gib is None else scan_limit_gib
        self.work_group = self._new(name, self.results_prefix, limit)
        self.work_group_name = name

    def _new(self, name: str, results_prefix: str | None, limit: int) -> athena.CfnWorkGroup:
        lake = self._lake
        return athena.CfnWorkGroup(
            self,
            "WorkGroup",
            name=name,
            description="Queries on the lakehouse",
            recursive_delete_option=True,  # named queries and history, never data
            work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
                enforce_work_group_configuration=True,
                publish_cloud_watch_metrics_enabled=True,
                bytes_scanned_cutoff_per_query=limit * _GIB,
                engine_version=athena.CfnWorkGroup.EngineVersionProperty(
                    selected_engine_version="Athena engine version 3"
                ),
                result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
                    output_location=lake.bucket.s3_url_for_object(results_prefix),
                    encryption_configuration=athena.CfnWorkGroup.EncryptionConfigurationProperty(
                        encryption_option="SSE_KMS", kms_key=lake.key.key_arn
                    ),
                ),
            ),
        )

    @check_kinds
    def grant_query(
        self, grantee: iam.IGrantable, *, layers: tuple[Layer, ...] = (Layer.MARTS,)
    ) -> iam.Grant:
        """Let a user or role query in this workgroup, read its results, and browse.

        Who browses sees the names of the account's catalogs and workgroups, and its databases
        with descriptions and locations, as BI tools list them; tables and columns of the
        granted layers alone.

        For some tables or columns alone: no ``layers``, and then ``grant_read`` of the
        catalog. Mind that every result of the workgroup can be read by all of its users.

        :param grantee: the user or role.
        :param layers: that may be read. Default: the marts alone.
        """
        given = grant(grantee, self._statements(), scope=self)
        for layer in layers:
            given = given.combine(self._catalog.grant_read(grantee, layer=layer))
        return given

    def _statements(self) -> list[Statement]:
        stack = Stack.of(self)
        work_group = stack.format_arn(
            service="athena", resource="workgroup", resource_name=self.work_group_name
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
            *self._to_browse(data_catalog),
        ]
        if self.results_prefix is None:
            return statements
        bucket = self._lake.bucket
        return [
            *statements,
            *on_listing(bucket, prefixes=[self.results_prefix]),
            on_objects(
                bucket,
                prefixes=[self.results_prefix],
                actions=["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"],
            ),
            on_key(self._lake.key, services=["s3"]),
        ]

    def _to_browse(self, data_catalog: str) -> list[Statement]:
        """What drivers of BI tools ask for before they show a table.

        From docs.aws.amazon.com/athena/latest/ug: policy-actions, datacatalogs-example-policies
        and, for the list of databases, fine-grained-access-to-glue-resources.
        """
        return [
            allow(
                "athena:GetDataCatalog",
                "athena:ListDatabases",
                "athena:GetDatabase",
                "athena:ListTableMetadata",
                "athena:GetTableMetadata",
                on=[data_catalog],
            ),
            allow(
                "athena:ListDataCatalogs",
                "athena:ListWorkGroups",
                on=["*"],
                wildcard="The lists of catalogs and workgroups know no resource; they show names",
            ),
            # Which a driver without a schema of its own begins in.
            allow("glue:GetDatabase", on=glue_arns(self, "catalog", "database/default")),
            allow(
                "glue:GetDatabases",
                on=glue_arns(self, "catalog", "database/*"),
                wildcard="A list of databases is of all or refused; it shows none of their tables",
            ),
        ]

    def metric_scanned_bytes(self, **options: Any) -> cloudwatch.Metric:
        """Bytes that the queries of a period scanned, the figure that is paid for.

        :param options: of the metric, for example ``period``. Default: none.
        """
        return self._metric("ProcessedBytes", "Sum", options)

    def metric_query_time(self, **options: Any) -> cloudwatch.Metric:
        """Milliseconds from a query's start to its end, on average.

        :param options: of the metric, for example ``statistic="p90"``. Default: none.
        """
        return self._metric("TotalExecutionTime", "Average", options)

    def _metric(self, name: str, statistic: str, options: dict[str, Any]) -> cloudwatch.Metric:
        settings = {"period": Duration.minutes(5), "statistic": statistic, **options}
        return cloudwatch.Metric(
            namespace="AWS/Athena",
            metric_name=name,
            dimensions_map={"WorkGroup": self.work_group_name},
            **settings,
        )
