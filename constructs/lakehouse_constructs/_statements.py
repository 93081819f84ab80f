"""IAM statements that several roles share, each as narrow as the service allows.

Where a resource needs a wildcard, the statement carries the reason, and :func:`role` and
:func:`._grants.grant` acknowledge the finding with it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from aws_cdk import ArnFormat, Aws, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from lakehouse_constructs._acknowledge import acknowledge_wildcards
from lakehouse_constructs._interfaces import service_principal

Conditions = Mapping[str, Mapping[str, str | list[str]]]

# What PyIceberg and Spark's S3FileIO do with the files of a table.
READ_FILES: Final = ("s3:GetObject",)
WRITE_FILES: Final = (*READ_FILES, "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload")


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A statement, and why its resources hold a wildcard where they do.

    Plain values, of which CDK's are made where they are needed: each of those, and each look
    into one, is a message to the process in which CDK runs.
    """

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Conditions | None = None
    wildcard: str | None = None

    def as_policy(self) -> iam.PolicyStatement:
        """The same in CDK's own form."""
        return iam.PolicyStatement(
            actions=list(self.actions), resources=list(self.resources), conditions=self.conditions
        )


def wildcards(statements: Iterable[Statement]) -> Iterator[tuple[str, str]]:
    """Each resource that holds a wildcard, with the reason."""
    for statement in statements:
        if statement.wildcard is not None:
            yield from ((each, statement.wildcard) for each in statement.resources if "*" in each)


def allow(
    *actions: str,
    on: Sequence[str],
    wildcard: str | None = None,
    when: Conditions | None = None,
) -> Statement:
    """Allow ``actions`` on these resources, under the conditions ``when``."""
    return Statement(actions=actions, resources=tuple(on), conditions=when, wildcard=wildcard)


def on_objects(bucket: s3.IBucket, *, prefixes: Iterable[str], actions: Sequence[str]) -> Statement:
    """``actions`` on every object under ``prefixes`` (each ends with a slash)."""
    return allow(
        *actions,
        on=[bucket.arn_for_objects(f"{prefix}*") for prefix in prefixes],
        wildcard="The names of the files are made up at run time; the prefix is fixed",
    )


def on_bucket(bucket: s3.IBucket) -> Statement:
    """List and locate the bucket; without the right to list, a missing object is a 403."""
    return allow("s3:ListBucket", "s3:GetBucketLocation", on=[bucket.bucket_arn])


def on_listing(bucket: s3.IBucket, *, prefixes: Iterable[str]) -> list[Statement]:
    """Locate the bucket, and list what is under ``prefixes`` (each ends with a slash)."""
    return [
        allow("s3:GetBucketLocation", on=[bucket.bucket_arn]),
        allow(
            "s3:ListBucket",
            on=[bucket.bucket_arn],
            when={"StringLike": {"s3:prefix": [f"{prefix}*" for prefix in prefixes]}},
        ),
    ]


def on_assets(*locations: tuple[s3.IBucket, str]) -> Statement:
    """Read exactly these objects of the bootstrap bucket."""
    return allow("s3:GetObject", on=[bucket.arn_for_objects(key) for bucket, key in locations])


def on_sources(*locations: tuple[s3.IBucket, str]) -> list[Statement]:
    """Let CodeBuild take its sources from exactly these objects of the bootstrap bucket.

    It also asks for their version and for the bucket's region
    (docs.aws.amazon.com/codebuild/latest/userguide/setting-up-service-role.html).
    """
    buckets = dict.fromkeys(bucket.bucket_arn for bucket, _ in locations)
    return [
        allow(
            "s3:GetObject",
            "s3:GetObjectVersion",
            on=[bucket.arn_for_objects(key) for bucket, key in locations],
        ),
        allow("s3:GetBucketLocation", on=list(buckets)),
    ]


def located(asset: assets.Asset) -> tuple[s3.IBucket, str]:
    """Bucket and key of an asset, as :func:`on_assets` takes them."""
    return asset.bucket, asset.s3_object_key


def on_key(key: kms.IKey, *, services: Sequence[str], write: bool = True) -> Statement:
    """Decrypt and, unless told otherwise, encrypt, only through these services (``s3`` …)."""
    ending = _endpoint_ending()
    via = [f"{service}.{ending}" for service in services]
    return allow(
        *(("kms:Decrypt", "kms:GenerateDataKey") if write else ("kms:Decrypt",)),
        on=[key.key_arn],
        when={"StringEquals": {"kms:ViaService": via}},
    )


def on_catalog(
    scope: Construct,
    *,
    databases: Sequence[str],
    actions: Sequence[str],
    tables: Sequence[str] = (),
) -> Statement:
    """Glue actions on databases and on ``tables`` of each (none named: all).

    A table action needs permission on the table and on each of its ancestors.
    """
    return allow(
        *(f"glue:{action}" for action in actions),
        on=glue_arns(
            scope,
            "catalog",
            *(f"database/{name}" for name in databases),
            *(f"table/{name}/{table}" for name in databases for table in tables or ("*",)),
        ),
        wildcard="Tables are made at run time; the database is fixed",
    )


def on_log_groups(scope: Construct, prefix: str, *, encrypted: bool) -> Statement:
    """Write to the log groups whose names begin with ``prefix``.

    Without AssociateKmsKey an encrypted group's logging is switched off in silence.
    """
    actions = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
    if encrypted:
        actions.append("logs:AssociateKmsKey")
    group = Stack.of(scope).format_arn(
        service="logs",
        resource="log-group",
        resource_name=f"{prefix}*",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    return allow(*actions, on=[group], wildcard="Glue chooses the names below this prefix")


def glue_metrics() -> Statement:
    """Glue's own metrics."""
    return allow(
        "cloudwatch:PutMetricData",
        on=["*"],
        when={"StringEquals": {"cloudwatch:namespace": "Glue"}},
        wildcard="PutMetricData knows no resource; its condition allows Glue's namespace alone",
    )


def glue_arn(scope: Construct, resource: str, name: str) -> str:
    """ARN of a resource of Glue in the stack's account and region."""
    return Stack.of(scope).format_arn(service="glue", resource=resource, resource_name=name)


def glue_arns(scope: Construct, *resources: str) -> list[str]:
    """ARNs of resources of Glue there, for example ``catalog`` and ``database/raw``."""
    begins = Stack.of(scope).format_arn(service="glue", resource="")
    return [f"{begins}{resource}" for resource in resources]


@cache
def _endpoint_ending() -> str:
    return f"{Aws.REGION}.{Aws.URL_SUFFIX}"


def role(
    scope: Construct,
    id: str,
    *,
    service: str,
    description: str,
    statements: Sequence[Statement],
    trusted_when: dict[str, Any] | None = None,
) -> iam.Role:
    """A role for a service, with these statements in an inline policy."""
    created = iam.Role(
        scope,
        id,
        assumed_by=service_principal(f"{service}.amazonaws.com", when=trusted_when),
        description=description,
        inline_policies={
            "Access": iam.PolicyDocument(statements=[s.as_policy() for s in statements])
        },
    )
    acknowledge_wildcards(created, wildcards(statements))
    return created
