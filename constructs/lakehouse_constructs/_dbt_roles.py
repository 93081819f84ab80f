"""The two roles of the dbt build, each as narrow as dbt-glue allows.

What they may do in the catalog, and with the tables' files, ``IcebergCatalog`` grants.
"""

from collections.abc import Sequence
from typing import Final

from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from lakehouse_constructs._roles import role_for
from lakehouse_constructs._statements import (
    Statement,
    allow,
    glue_arn,
    glue_metrics,
    on_bucket,
    on_key,
    on_log_groups,
    on_objects,
)
from lakehouse_constructs.lake_bucket import LakeBucket
from lakehouse_jobs.contract.runs import RUNS_PREFIX

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


def build_role(
    scope: Construct,
    *,
    given: iam.IRole | None,
    lake: LakeBucket,
    session_prefix: str,
    session_role: iam.IRole,
    log_group: logs.ILogGroup,
    statements: Sequence[Statement],
) -> iam.IRole:
    """The role of the build: starts sessions, writes its outcome."""
    return role_for(
        scope,
        "Role",
        given=given,
        service="codebuild",
        description="dbt build: starts Glue sessions, reads the catalog, writes its outcome",
        statements=[
            *statements,
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


def session_role(
    scope: Construct,
    *,
    given: iam.IRole | None,
    lake: LakeBucket,
    statements: Sequence[Statement],
) -> iam.IRole:
    """The role of the sessions, in which dbt's SQL runs."""
    return role_for(
        scope,
        "SessionRole",
        given=given,
        service="glue",
        description="Glue sessions of dbt: read raw, write staging, intermediate and marts",
        statements=[
            on_bucket(lake.bucket),
            on_key(lake.key, services=["s3"]),
            on_log_groups(scope, "/aws-glue/sessions/", encrypted=False),
            glue_metrics(),
            *statements,
        ],
    )
