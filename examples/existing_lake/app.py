"""Three Salesforce objects into a bucket, a key and a database that exist already."""

from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_glue as glue
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from cdk_nag import AwsSolutionsChecks
from constructs import Construct

from lakehouse_constructs import IcebergCatalog, LakeBucket, Layer, SalesforceExtractor

OBJECTS = Path(__file__).parent / "salesforce_objects.json"


class CrmRawStack(cdk.Stack):
    """The extraction alone: no dbt, no pipeline; another scheduler starts its job."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        bucket_name: str,
        key_arn: str,
        raw_database: str,
        **kwargs: Any,
    ) -> None:
        """Take the bucket, the key that encrypts it and the database; make the job."""
        super().__init__(scope, id, **kwargs)
        bucket = s3.Bucket.from_bucket_attributes(
            self,
            "Bucket",
            bucket_name=bucket_name,
            encryption_key=kms.Key.from_key_arn(self, "Key", key_arn),
        )
        database = glue.Database.from_database_arn(
            self,
            "Raw",
            self.format_arn(service="glue", resource="database", resource_name=raw_database),
        )
        lake = LakeBucket(self, "Lake", bucket=bucket)
        extractor = SalesforceExtractor(
            self,
            "Crm",
            lake=lake,
            catalog=IcebergCatalog(self, "Catalog", lake=lake, databases={Layer.RAW: database}),
            objects_config=OBJECTS,
        )
        cdk.CfnOutput(self, "JobName", value=extractor.job.ref)
        cdk.CfnOutput(self, "SecretArn", value=extractor.secret.secret_arn)


app = cdk.App()
cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
CrmRawStack(
    app,
    "CrmRaw",
    bucket_name=app.node.get_context("lake_bucket"),
    key_arn=app.node.get_context("lake_key_arn"),
    raw_database=app.node.get_context("raw_database"),
)
app.synth()
