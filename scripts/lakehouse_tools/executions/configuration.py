"""The configuration of objects that the deployed job reads."""

from urllib.parse import urlsplit

from lakehouse_jobs.contract.arguments import Argument
from lakehouse_jobs.contract.objects import ObjectsConfig
from lakehouse_tools.environment import Environment
from lakehouse_tools.stack import Stack


def deployed_config(environment: Environment, stack: Stack) -> ObjectsConfig:
    """``salesforce_objects.json`` as it was deployed. Raises the contract's ConfigError."""
    job = environment.client("glue").get_job(JobName=stack.extract_job_name)["Job"]
    address = job["DefaultArguments"][Argument.OBJECTS_CONFIG.flag]
    parts = urlsplit(address)
    answer = environment.client("s3").get_object(Bucket=parts.netloc, Key=parts.path.lstrip("/"))
    return ObjectsConfig.from_text(answer["Body"].read().decode(), where=address)
