"""Where an old system keeps its tables."""

import re
from dataclasses import dataclass
from typing import Final

from lakehouse_constructs._checks import check_form
from lakehouse_constructs._kinds import check_fields

DATABASE: Final = re.compile(r"[a-z0-9_]{1,255}")
BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
KEY: Final = re.compile(r"arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+")
A_DATABASE: Final = "a Glue database: a-z, 0-9 and _"
A_BUCKET: Final = "the name of a bucket"
A_KEY: Final = "the ARN of a KMS key, or null"


@dataclass(frozen=True, kw_only=True)
class OldLake:
    """Where an old system keeps its tables, in the same account and region.

    :ivar database: of the Glue catalog.
    :ivar bucket: name of the bucket with the tables' files; all of it can be read.
    :ivar key: ARN of the KMS key that encrypts them. Default: None, S3's own keys.
    """

    database: str
    bucket: str
    key: str | None = None

    def __post_init__(self) -> None:
        """Raises SynthesisError for what cannot be a name or an ARN."""
        check_fields(self, "OldLake")
        check_form("OldLake", "database", self.database, DATABASE, A_DATABASE)
        check_form("OldLake", "bucket", self.bucket, BUCKET, A_BUCKET)
        if self.key is not None:
            check_form("OldLake", "key", self.key, KEY, A_KEY)
