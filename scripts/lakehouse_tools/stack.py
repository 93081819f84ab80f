"""The deployed stack as its outputs describe it."""

from dataclasses import dataclass
from typing import Final

from lakehouse_tools.environment import Environment
from lakehouse_tools.errors import NotDeployedError

READY: Final = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE")


@dataclass(frozen=True, kw_only=True)
class Stack:
    """The outputs of the stack; their names are a contract with the constructs."""

    lake_bucket_name: str
    state_machine_arn: str
    salesforce_secret_arn: str
    extract_job_name: str
    dbt_project_name: str
    raw_database: str
    staging_database: str
    intermediate_database: str
    marts_database: str
    athena_work_group_name: str
    alert_topic_arn: str


# Field of Stack → name of the output.
OUTPUTS: Final = {
    name: "".join(part.capitalize() for part in name.split("_")) for name in Stack.__annotations__
}


def read_stack(environment: Environment) -> Stack:
    """The outputs of the environment's stack. Raises :class:`NotDeployedError`."""
    from botocore.exceptions import ClientError

    remedy = f"deploy it with `lakehouse up{environment.option}`"
    try:
        answer = environment.client("cloudformation").describe_stacks(
            StackName=environment.stack_name
        )
    except ClientError as error:
        if "does not exist" in str(error):
            raise NotDeployedError(
                f"stack {environment.stack_name} is not deployed: {remedy}"
            ) from error
        raise
    stack = answer["Stacks"][0]
    if stack["StackStatus"] not in READY:
        raise NotDeployedError(
            f"stack {environment.stack_name} is in state {stack['StackStatus']}: {remedy} again"
        )
    values = {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", [])}
    absent = [output for output in OUTPUTS.values() if output not in values]
    if absent:
        raise NotDeployedError(
            f"stack {environment.stack_name} has no output {absent[0]}: it was deployed by another"
            f" version; {remedy} again"
        )
    return Stack(**{name: values[output] for name, output in OUTPUTS.items()})
