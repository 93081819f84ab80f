"""The two roles of the dbt build, each as narrow as dbt-glue allows."""

from collections.abc import Sequence
from typing import Final

from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from lakehouse_constructs._statements import (
    READ_FILES,
    WRITE_FILES,
    Statement,
    allow,
    glue_arn,
    glue_metrics,
    on_bucket,
    on_catalog,
    on_key,
    on_log_groups,
    on_objects,
    role,
)
from lakehouse_constructs.iceberg_catalog import IcebergCatalog, Layer
from lakehouse_constructs.lake_bucket import LakeBucket
from lakehouse_jobs.contract.runs import RUNS_PREFIX

_LAYERS_OF_DBT: Final = (Layer.STAGING, Layer.INTERMEDIATE, Layer.MARTS)
_SESSION_ACTIONS: Final = (
    "CreateSession",
    "GetSession",
    "StopSession",
    "DeleteSession",
    "RunStatement",
    "GetStatement",
    "ListStatements",
    "CancelStatement",
)

_READ_CATALOG: Final = ("GetDatabase", "GetDatabases", "GetTable", "GetTables", "GetPartitions")


def build_role(
    scope: Construct,
    *,
    lake: LakeBucket,
    catalog: IcebergCatalog,
    session_prefix: str,
    session_role: iam.Role,
    log_group: logs.LogGroup,
    read_sources: Sequence[Statement],
) -> iam.Role:
    """The role of the build: starts sessions, reads the catalog, writes its outcome."""
    return role(
        scope,
        "Role",
        service="codebuild",
        description="dbt build: starts Glue sessions, reads the catalog, writes its outcome",
        statements=[
            *read_sources,
            allow(
                *(f"glue:{action}" for action in _SESSION_ACTIONS),
                on=[glue_arn(scope, "session", f"{session_prefix}*")],
                wildcard="dbt-glue ends the ids of its sessions with a random part",
            ),
            allow(
                "glue:ListSessions",
                on=["*"],
                wildcard="ListSessions knows no resource; left-over sessions are found by it",
            ),
            allow(
                "iam:PassRole",
                on=[session_role.role_arn],
                when={"StringEquals": {"iam:PassedToService": "glue.amazonaws.com"}},
            ),
            allow(
                "glue:GetDatabases",
                on=[glue_arn(scope, "catalog"), glue_arn(scope, "database", "*")],
                wildcard="dbt-glue lists all databases; refused, it would create its own",
            ),
            on_catalog(
                scope,
                databases=catalog.names,
                actions=["GetDatabase", "GetTable", "GetTables"],
            ),
            on_bucket(lake.bucket),
            on_objects(
                lake.bucket, prefixes=[RUNS_PREFIX], actions=["s3:GetObject", "s3:PutObject"]
            ),
            on_key(lake.key, services=["s3"]),
            allow(
                "logs:CreateLogStream",
                "logs:PutLogEvents",
                on=[log_group.log_group_arn],
            ),
        ],
    )


def session_role(scope: Construct, *, lake: LakeBucket, catalog: IcebergCatalog) -> iam.Role:
    """The role of the sessions: reads raw, writes the layers of dbt."""
    raw = catalog.name(Layer.RAW)
    written = [catalog.name(layer) for layer in _LAYERS_OF_DBT]
    # Spark asks for the first two, whether they exist or not.
    asked_for = ["default", "global_temp", raw, *written]
    return role(
        scope,
        "SessionRole",
        service="glue",
        description="Glue sessions of dbt: read raw, write staging, intermediate and marts",
        statements=[
            on_bucket(lake.bucket),
            on_objects(lake.bucket, prefixes=[f"{raw}/"], actions=READ_FILES),
            on_objects(lake.bucket, prefixes=[f"{d}/" for d in written], actions=WRITE_FILES),
            on_catalog(scope, databases=[raw], actions=_READ_CATALOG),
            on_catalog(
                scope,
                databases=written,
                actions=[*_READ_CATALOG, "CreateTable", "UpdateTable", "DeleteTable"],
            ),
            allow(
                "glue:GetDatabase",
                "glue:GetUserDefinedFunctions",
                on=[
                    glue_arn(scope, "catalog"),
                    *(glue_arn(scope, "database", name) for name in asked_for),
                    *(glue_arn(scope, "userDefinedFunction", f"{n}/*") for n in asked_for),
                ],
                wildcard="Spark lists the functions of a database; there are none",
            ),
            on_key(lake.key, services=["s3"]),
            on_log_groups(scope, "/aws-glue/sessions/", encrypted=False),
            glue_metrics(),
        ],
    )
