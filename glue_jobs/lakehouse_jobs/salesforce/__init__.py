"""Salesforce's protocol: login, the one transport, describe, REST and Bulk 2.0 queries."""

from lakehouse_jobs.salesforce.body import Body
from lakehouse_jobs.salesforce.bulk import BulkApi, Job
from lakehouse_jobs.salesforce.describe import Description, Field
from lakehouse_jobs.salesforce.org import Org
from lakehouse_jobs.salesforce.retry import RetryPolicy
from lakehouse_jobs.salesforce.secret import Credentials, read_secret
from lakehouse_jobs.salesforce.transport import Transport

__all__ = [
    "Body",
    "BulkApi",
    "Credentials",
    "Description",
    "Field",
    "Job",
    "Org",
    "RetryPolicy",
    "Transport",
    "read_secret",
]
