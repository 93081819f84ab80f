"""Argument names of the extraction job and environment names of the dbt build.

Glue passes arguments as ``--name value`` pairs; names use underscores, because
Glue's own parser refuses hyphens
(docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-pyspark-extensions-get-resolved-options.html).
"""

from enum import StrEnum
from typing import Final


class Argument(StrEnum):
    """An argument of the extraction job, without the leading dashes."""

    # Set once, as default arguments of the deployed job.
    LAKE_BUCKET = "lake_bucket"
    RAW_DATABASE = "raw_database"
    SALESFORCE_SECRET = "salesforce_secret_arn"  # noqa: S105 - a name, not a secret
    OBJECTS_CONFIG = "objects_config"  # s3:// address of the JSON described in .objects
    # Set for each run by the state machine.
    EXECUTION_NAME = "execution_name"
    GROUP = "group"
    OBJECTS = "objects"  # comma-separated API names; "*" means the whole group
    MODE = "read_mode"  # not "mode": that name is Glue's own, and a script must not set it
    SINCE = "since"  # see .period; "-" means unset, as Glue drops empty values
    UNTIL = "until"

    @property
    def flag(self) -> str:
        """The argument as it stands on the command line, for example ``--group``."""
        return f"--{self.value}"


ALL_OBJECTS: Final = "*"
UNSET: Final = "-"


class Mode(StrEnum):
    """How an execution reads Salesforce. All but the first compare with raw."""

    INCREMENTAL = "incremental"
    """What changed since the last run."""

    FULL = "full"
    """All fields of all records; finds what is gone."""

    RECONCILE = "reconcile"
    """Ids and stamps of all records; finds what is missing or gone."""

    REFRESH = "refresh"
    """Formula fields of all records, whose values move without a stamp."""


class BuildVariable(StrEnum):
    """An environment variable of the dbt build in CodeBuild."""

    # Set once, on the project.
    LAKE_BUCKET = "LAKE_BUCKET"
    RAW_DATABASE = "RAW_DATABASE"
    STAGING_DATABASE = "STAGING_DATABASE"
    INTERMEDIATE_DATABASE = "INTERMEDIATE_DATABASE"
    MARTS_DATABASE = "MARTS_DATABASE"
    SESSION_ROLE_ARN = "DBT_SESSION_ROLE_ARN"
    SESSION_PREFIX = "DBT_SESSION_PREFIX"
    SESSION_WORKER_TYPE = "DBT_SESSION_WORKER_TYPE"
    SESSION_WORKERS = "DBT_SESSION_WORKERS"
    THREADS = "DBT_THREADS"
    SESSION_TIMEOUT = "DBT_SESSION_TIMEOUT_MINUTES"  # after which Glue ends a session
    SESSION_CONNECTIONS = "DBT_SESSION_CONNECTIONS"  # comma-separated; absent outside of a VPC
    SELECT = "LAKEHOUSE_SELECT"  # dbt selectors, separated by spaces; absent means everything
    # Set for each build by the state machine.
    EXECUTION_NAME = "LAKEHOUSE_EXECUTION_NAME"
    FULL_REFRESH = "LAKEHOUSE_FULL_REFRESH"  # "true": rebuild every model from raw
    MODELS = "LAKEHOUSE_MODELS"  # as SELECT, for this build instead of it; may be empty
    FAILED_OBJECTS = "LAKEHOUSE_FAILED_OBJECTS"  # comma-separated API names, may be empty
    # Set by `lakehouse erase`: comma-separated API names of objects of which records were erased.
    # What is made of them and is there is rebuilt from raw, and nothing else.
    ERASED_OBJECTS = "LAKEHOUSE_ERASED_OBJECTS"
    # Set for the comparison with the old system, which runs in the same project.
    WORK_GROUP = "LAKEHOUSE_WORK_GROUP"  # of Athena
    STATE_MACHINE_ARN = "LAKEHOUSE_STATE_MACHINE_ARN"  # whose run times are compared


# Identifiers of the build's secondary sources: CODEBUILD_SRC_DIR_<identifier>.
BUILD_SOURCE_WHEELS: Final = "wheels"
BUILD_SOURCE_JOBS: Final = "jobs"
# Only where the pipeline compares with an old system.
BUILD_SOURCE_COMPARISON: Final = "comparison"
BUILD_SOURCE_COMPARISON_WHEELS: Final = "comparison_wheels"
COMPARISON_CONFIG: Final = "comparison.json"  # at the root of the first of the two
