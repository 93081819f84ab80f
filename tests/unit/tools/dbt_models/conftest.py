"""The job over a fake org and the local AWS's catalog, for what is read from raw tables."""

from tests.unit.jobs.conftest import fake_org, lab, local_aws_endpoint

__all__ = ["fake_org", "lab", "local_aws_endpoint"]
