"""A Salesforce lakehouse on AWS as CDK constructs.

Each construct makes one part and takes the others it needs; :class:`LakeBucket` comes
first. ``stacks/lakehouse_stack.py`` of the project wires them all.
"""

from lakehouse_constructs._errors import ShippedFilesError, SynthesisError, WheelSetError
from lakehouse_constructs._lake_formation import LakeFormation
from lakehouse_constructs.alarms import PipelineAlarms
from lakehouse_constructs.comparison import SystemComparison
from lakehouse_constructs.dbt_build import DbtBuild, GlueSessions
from lakehouse_constructs.extraction import GlueJobExtraction, JobGroup
from lakehouse_constructs.iceberg_catalog import IcebergCatalog, Layer
from lakehouse_constructs.lake_bucket import LakeBucket
from lakehouse_constructs.pipeline import Pipeline
from lakehouse_constructs.query_access import QueryAccess
from lakehouse_constructs.salesforce_extractor import SalesforceExtractor
from lakehouse_constructs.schedule import ExtractionSchedule, ExtractionSchedules
from lakehouse_jobs.contract.arguments import Mode
from lakehouse_jobs.contract.errors import ConfigError

__all__ = [
    "ConfigError",
    "DbtBuild",
    "ExtractionSchedule",
    "ExtractionSchedules",
    "GlueJobExtraction",
    "GlueSessions",
    "IcebergCatalog",
    "JobGroup",
    "LakeBucket",
    "LakeFormation",
    "Layer",
    "Mode",
    "Pipeline",
    "PipelineAlarms",
    "QueryAccess",
    "SalesforceExtractor",
    "ShippedFilesError",
    "SynthesisError",
    "SystemComparison",
    "WheelSetError",
]
