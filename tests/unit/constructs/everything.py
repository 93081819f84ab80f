"""Every construct of the library in one stack, in a VPC, as people put them together."""

from pathlib import Path
from typing import Any, cast

from aws_cdk import Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from lakehouse_constructs import (
    DbtBuild,
    ExtractionSchedule,
    ExtractionSchedules,
    IcebergCatalog,
    LakeBucket,
    Pipeline,
    PipelineAlarms,
    QueryAccess,
    SalesforceExtractor,
    SystemComparison,
)
from lakehouse_constructs._interfaces import service_principal


def files(folder: Path) -> Path:
    """The folder, with the files that :func:`everything` reads."""
    (folder / "objects.json").write_text('{"groups": {"sales": {"include": ["Account"]}}}')
    (folder / "comparison.json").write_text(
        '{"old": {"database": "erp"}, "new": {"layer": "marts"}}'
    )
    (folder / "dbt_project.yml").write_text("name: test\n")
    return folder


def old_system(stack: Stack, *, key: str | None = None) -> dict[str, Any]:
    """What exists of an old system, as ``SystemComparison`` takes it."""
    arn = "arn:aws:glue:us-east-1:123456789012:database/erp"
    return {
        "old_database": glue.Database.from_database_arn(stack, "OldDatabase", arn),
        "old_bucket": s3.Bucket.from_bucket_attributes(
            stack,
            "OldBucket",
            bucket_name="erp-dumps",
            encryption_key=None if key is None else kms.Key.from_key_arn(stack, "OldKey", key),
        ),
    }


def everything(
    stack: Stack, folder: Path, wheel_cache: Path, *, role: iam.IRole | None = None
) -> None:
    """Each construct, on ``role`` or on roles of its own, and somebody with every grant."""
    vpc = cast("ec2.IVpc", ec2.Vpc(stack, "Vpc", max_azs=2))
    lake = LakeBucket(stack, "Lake")
    catalog = IcebergCatalog(stack, "Catalog", lake=lake, prefix="lake")
    shared: dict[str, Any] = {"lake": lake, "catalog": catalog}
    placed: dict[str, Any] = {"vpc": vpc, "role": role, "wheel_cache": wheel_cache}
    queries = QueryAccess(stack, "Queries", **shared, name="lake")
    objects = folder / "objects.json"
    extractor = SalesforceExtractor(stack, "Extractor", **shared, **placed, objects_config=objects)
    build = DbtBuild(
        stack, "DbtBuild", **shared, **placed, session_role=role, dbt_project=folder,
        session_prefix="lake",
    )  # fmt: skip
    comparison = SystemComparison(
        stack, "Comparison", dbt_build=build, queries=queries, wheel_cache=wheel_cache,
        **old_system(stack), config=folder / "comparison.json",
    )  # fmt: skip
    pipeline = Pipeline(
        stack, "Pipeline", lake=lake, extraction=extractor, dbt_build=build, name="lake",
        comparison=comparison, role=role, alert_emails=["a@example.com"],
    )  # fmt: skip
    schedules = ExtractionSchedules(
        stack, "Schedules", state_machine=pipeline.state_machine, role=role,
        schedules=[ExtractionSchedule(name="nightly", expression="cron(0 2 * * ? *)")],
    )  # fmt: skip
    PipelineAlarms(
        stack, "Alarms", state_machine=pipeline.state_machine, topic=pipeline.alert_topic,
        dead_letter_queue=schedules.dead_letter_queue,
    )  # fmt: skip
    user = (
        iam.Role(stack, "User", assumed_by=service_principal("glue.amazonaws.com"))
        if role is None
        else role
    )
    queries.grant_query(user)
    lake.grant_read(user, prefix="reports/")
    lake.grant_write(user, prefix="reports/")
    catalog.grant_read(user)
    extractor.grant_start_run(user)
    extractor.grant_fill_secret(user)
    build.grant_start_build(user)
    pipeline.grant_start_execution(user)
