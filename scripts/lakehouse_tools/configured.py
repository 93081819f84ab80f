"""What the deployed job is configured to read."""

from collections.abc import Mapping
from typing import Any

from lakehouse_jobs.contract.arguments import Argument
from lakehouse_jobs.contract.objects import ObjectsConfig, is_pattern
from lakehouse_tools.environment import Environment
from lakehouse_tools.errors import RequestError
from lakehouse_tools.executions.start import Request
from lakehouse_tools.s3_objects import read_address
from lakehouse_tools.stack import Stack


def deployed_config(environment: Environment, stack: Stack) -> ObjectsConfig:
    """The configuration of objects that was deployed with the stack."""
    address = _job(environment, stack)["DefaultArguments"][Argument.OBJECTS_CONFIG.flag]
    text = read_address(environment.client("s3"), address).decode()
    return ObjectsConfig.from_text(text, where=address)


def in_vpc(environment: Environment, stack: Stack) -> bool:
    """Whether the deployed job reads Salesforce from inside a VPC, by an address of its own."""
    return bool(_job(environment, stack).get("Connections", {}).get("Connections"))


def configured_names(config: ObjectsConfig) -> list[str]:
    """The objects that the configuration names, without its patterns."""
    return [each for group in config.groups for each in group.include if not is_pattern(each)]


def _job(environment: Environment, stack: Stack) -> Mapping[str, Any]:
    return environment.client("glue").get_job(JobName=stack.extract_job_name)["Job"]


def check_request(config: ObjectsConfig, request: Request, *, option: str) -> None:
    """Refuse objects and groups that no group has. Raises :class:`RequestError`.

    ``option``: `` --env dev`` and so on, for the command that the message names.
    """
    groups = [group.name for group in config.groups]
    for name in request.groups:
        if name not in groups:
            raise RequestError(f"--groups: got {name!r}; configured: {', '.join(groups)}")
    for name in request.objects:
        if config.group_of(name) is None:
            raise RequestError(
                f"--objects: got {name!r}; configured: {', '.join(configured_names(config))}: add"
                " it to config/salesforce_objects.json and deploy with"
                f" `lakehouse up{option}`"
            )
