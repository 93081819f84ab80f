"""Orders of an ERP: a Glue job of our own, then dbt, in one pipeline."""

from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from cdk_nag import AwsSolutionsChecks
from constructs import Construct

from lakehouse_constructs import (
    DbtBuild,
    GlueJobExtraction,
    IcebergCatalog,
    JobGroup,
    LakeBucket,
    Layer,
    Pipeline,
)

HERE = Path(__file__).parent
ICEBERG = " --conf ".join(
    (
        "spark.sql.catalog.glue_catalog=org.apache.iceberg.spark.SparkCatalog",
        "spark.sql.catalog.glue_catalog.catalog-impl=org.apache.iceberg.aws.glue.GlueCatalog",
        "spark.sql.catalog.glue_catalog.io-impl=org.apache.iceberg.aws.s3.S3FileIO",
    )
)


class OrdersStack(cdk.Stack):
    """The lake, our job and what the constructs put around it."""

    def __init__(self, scope: Construct, id: str, **kwargs: Any) -> None:
        """Make everything."""
        super().__init__(scope, id, **kwargs)
        self.lake = LakeBucket(self, "Lake")
        self.catalog = IcebergCatalog(self, "Catalog", lake=self.lake, prefix="erp")
        job = self._job()
        pipeline = Pipeline(
            self,
            "Pipeline",
            lake=self.lake,
            extraction=GlueJobExtraction(
                job=job,
                groups=[JobGroup(name="orders")],
                timeout=cdk.Duration.minutes(20),
            ),
            dbt_build=DbtBuild(
                self,
                "DbtBuild",
                lake=self.lake,
                catalog=self.catalog,
                dbt_project=HERE / "dbt",
            ),
            name="ERP orders",
        )
        cdk.CfnOutput(self, "StateMachineArn", value=pipeline.state_machine.state_machine_arn)

    def _job(self) -> glue.Job:
        raw = self.catalog.name(Layer.RAW)
        return glue.PySparkEtlJob(
            self,
            "Job",
            script=glue.Code.from_asset(str(HERE / "orders.py")),
            role=self._job_role(),
            glue_version=glue.GlueVersion.V5_1,
            worker_configuration=glue.WorkerConfiguration(
                worker_type=glue.WorkerType.G_1X, number_of_workers=2
            ),
            security_configuration=glue.SecurityConfiguration(
                self,
                "Security",
                cloud_watch_encryption=glue.CloudWatchEncryption.kms(self.lake.key),
                job_bookmarks_encryption=glue.JobBookmarksEncryption.client_side_kms(self.lake.key),
                s3_encryption=glue.S3Encryption.kms(self.lake.key),
            ),
            default_arguments={
                "--datalake-formats": "iceberg",
                "--conf": ICEBERG,
                "--source": self.lake.bucket.s3_url_for_object(f"{raw}/_files/orders/"),
                "--table": f"glue_catalog.{raw}.orders",
            },
        )

    def _job_role(self) -> iam.Role:
        role = iam.Role(self, "JobRole", assumed_by=iam.ServicePrincipal("glue.amazonaws.com"))
        self.catalog.grant_extraction(role)  # the raw database and its files, on the lake's key
        role.add_to_policy(
            iam.PolicyStatement(
                actions=[
                    "logs:CreateLogGroup",
                    "logs:CreateLogStream",
                    "logs:PutLogEvents",
                    "logs:AssociateKmsKey",
                ],
                resources=[
                    self.format_arn(
                        service="logs",
                        resource="log-group",
                        resource_name="/aws-glue/jobs/*",
                        arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
                    )
                ],
            )
        )
        bootstrap = "arn:<AWS::Partition>:s3:::cdk-hnb659fds-assets-<AWS::AccountId>-<AWS::Region>"
        logs = "arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:/aws-glue/jobs"
        for finding, reason in (
            (f"Resource::{logs}/*", "Glue names the streams of a run after its id"),
            (f"Resource::{bootstrap}/*", "CDK grants the job its script this way"),
            ("Action::s3:GetObject*", "CDK grants the job its script this way"),
            ("Action::s3:GetBucket*", "CDK grants the job its script this way"),
            ("Action::s3:List*", "CDK grants the job its script this way"),
        ):
            cdk.Validations.of(role).acknowledge(
                cdk.Acknowledgment(id=f"AwsSolutions::AwsSolutions-IAM5[{finding}]", reason=reason)
            )
        return role


app = cdk.App()
cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
OrdersStack(app, "ErpOrders")
app.synth()
