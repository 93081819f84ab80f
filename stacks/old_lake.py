"""Where an old system keeps its tables, as config names it and as constructs take it."""

import re
from dataclasses import dataclass
from typing import Final

from aws_cdk import Stack
from aws_cdk import aws_glue as glue
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

DATABASE: Final = re.compile(r"[a-z0-9_]{1,255}")
BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
KEY: Final = re.compile(r"arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+")
A_DATABASE: Final = "a Glue database: a-z, 0-9 and _"
A_BUCKET: Final = "the name of a bucket"
A_KEY: Final = "the ARN of a KMS key, or null"


@dataclass(frozen=True, kw_only=True)
class OldLake:
    """An old system's tables, in the account and region of the stack."""

    database: str  # of the Glue catalog
    bucket: str  # with the tables' files
    key: str | None = None  # ARN of the KMS key that encrypts them; None: S3's own keys

    def imported(self, stack: Stack) -> tuple[glue.IDatabase, s3.IBucket]:
        """References to database and bucket; nothing is made."""
        arn = stack.format_arn(service="glue", resource="database", resource_name=self.database)
        key = None if self.key is None else kms.Key.from_key_arn(stack, "OldKey", self.key)
        bucket = s3.Bucket.from_bucket_attributes(
            stack, "OldBucket", bucket_name=self.bucket, encryption_key=key
        )
        return glue.Database.from_database_arn(stack, "OldDatabase", arn), bucket
