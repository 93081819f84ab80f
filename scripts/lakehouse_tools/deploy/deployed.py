"""What stands in the account now, as far as a deployment has to know."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from lakehouse_tools.checks import CheckFailedError, Note
from lakehouse_tools.environment import Environment
from lakehouse_tools.review.assembly import Assembly

_REMEDIES: Final = {
    "ROLLBACK_COMPLETE": "its first deployment failed: delete it (`aws cloudformation"
    " delete-stack`), what it retains stays",
    "ROLLBACK_FAILED": "its first deployment failed: delete it (`aws cloudformation delete-stack`)",
    "REVIEW_IN_PROGRESS": "a change set was made and never carried out: delete the stack",
    "UPDATE_ROLLBACK_FAILED": "`aws cloudformation continue-update-rollback` brings it back first",
    "DELETE_FAILED": "delete it again, or look in CloudFormation at what it could not delete",
}


def _stack(environment: Environment) -> Mapping[str, Any] | None:
    """CloudFormation's description of the stack, or None where there is no stack."""
    from botocore.exceptions import ClientError

    try:
        answer = environment.client("cloudformation").describe_stacks(
            StackName=environment.stack_name
        )
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return answer["Stacks"][0]


def ready(environment: Environment) -> str:
    """Whether the stack can take a deployment."""
    stack = _stack(environment)
    name = environment.stack_name
    if stack is None:
        raise Note(f"{name} is not deployed yet: this makes it")
    found = stack["StackStatus"]
    if found in _REMEDIES:
        raise CheckFailedError(f"{name} is in state {found}", _REMEDIES[found])
    if found.endswith("_IN_PROGRESS"):
        raise CheckFailedError(
            f"{name} is in state {found}",
            "another deployment is under way: wait for its end, or cancel it in CloudFormation",
        )
    return f"{name} is in state {found}"


def as_assembly(environment: Environment, folder: Path) -> Assembly:
    """What is deployed in the form that the review compares; empty where nothing is.

    The template, and the settings of the stack as a manifest has them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stack = _stack(environment)
    artifacts: dict[str, Any] = {}
    if stack is not None:
        properties = {
            "terminationProtection": stack.get("EnableTerminationProtection", False),
            "tags": {tag["Key"]: tag["Value"] for tag in stack.get("Tags", [])},
        }
        artifacts[environment.stack_name] = {"properties": properties}
    (folder / "manifest.json").write_text(json.dumps({"artifacts": artifacts}), encoding="utf-8")
    if stack is not None:
        body: Any = environment.client("cloudformation").get_template(
            StackName=environment.stack_name, TemplateStage="Original"
        )["TemplateBody"]
        text = body if isinstance(body, str) else json.dumps(body)
        (folder / f"{environment.stack_name}.template.json").write_text(text, encoding="utf-8")
    return Assembly.at(folder)
