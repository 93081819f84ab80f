"""What stands in the account now, as far as a deployment has to know."""

import json
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


def status(environment: Environment) -> str | None:
    """The stack's state, or None where there is no stack."""
    from botocore.exceptions import ClientError

    try:
        answer = environment.client("cloudformation").describe_stacks(
            StackName=environment.stack_name
        )
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return answer["Stacks"][0]["StackStatus"]


def ready(environment: Environment) -> str:
    """Whether the stack can take a deployment."""
    found = status(environment)
    name = environment.stack_name
    if found is None:
        raise Note(f"{name} is not deployed yet: this makes it")
    if found in _REMEDIES:
        raise CheckFailedError(f"{name} is in state {found}", _REMEDIES[found])
    if found.endswith("_IN_PROGRESS"):
        raise CheckFailedError(
            f"{name} is in state {found}",
            "another deployment is under way: wait for its end, or cancel it in CloudFormation",
        )
    return f"{name} is in state {found}"


def as_assembly(environment: Environment, folder: Path) -> Assembly:
    """The deployed template in the form that the review compares; empty where nothing is."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text("{}", encoding="utf-8")
    if status(environment) is not None:
        body: Any = environment.client("cloudformation").get_template(
            StackName=environment.stack_name, TemplateStage="Original"
        )["TemplateBody"]
        text = body if isinstance(body, str) else json.dumps(body)
        (folder / f"{environment.stack_name}.template.json").write_text(text, encoding="utf-8")
    return Assembly.at(folder)
