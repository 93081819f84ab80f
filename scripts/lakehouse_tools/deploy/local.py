"""Deploying to the local AWS."""

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Final

from lakehouse_tools.deploy import cdk
from lakehouse_tools.deploy.project import find_project
from lakehouse_tools.environment import Environment

if TYPE_CHECKING:
    from lakehouse_local.home import Home

TOOLKIT: Final = "CDKToolkit"
_READY = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
Measure = Callable[[str], AbstractContextManager[None]]


def deploy(
    environment: Environment,
    *,
    report: cdk.Report,
    measure: Measure = lambda _: nullcontext(),
) -> None:
    """Bootstrap, where that was not done yet, and deploy the stack.

    The assembly stays in the instance's folder, so that two lakehouses do not write into
    each other's.
    """
    home = _home(environment)
    program = cdk.command(home.node_modules)
    project = find_project()
    env = _child_environment(home)
    home.instance.mkdir(parents=True, exist_ok=True)
    with measure("bootstrap"):
        if not _bootstrapped(environment):
            from lakehouse_local.home import ACCOUNT, REGION

            # From a folder without an app: the CLI would synthesize it first.
            cdk.run_logged(
                [*program, "bootstrap", f"aws://{ACCOUNT}/{REGION}"],
                what="cdk bootstrap",
                cwd=home.instance,
                env=env,
                log=home.logs / "cdk-bootstrap.log",
                report=report,
            )
    with measure("deploy"):
        cdk.run_logged(
            [
                *program,
                "deploy",
                environment.stack_name,
                *("--app", cdk.app_option()),
                *("--output", str(home.instance / "cdk.out")),
                *("--outputs-file", str(home.instance / "outputs.json")),
                *("--require-approval", "never"),
                *("--progress", "events"),
                "--no-notices",
            ],
            what=f"cdk deploy {environment.stack_name}",
            cwd=project,
            env=env,
            log=home.logs / "cdk-deploy.log",
            report=report,
        )


def _home(environment: Environment) -> "Home":
    if environment.home is None:
        raise ValueError("an account has no local home")
    return environment.home


def _child_environment(home: "Home", environ: Mapping[str, str] | None = None) -> dict[str, str]:
    from lakehouse_local.home import aws_environment

    return cdk.child_environment(
        aws_environment(home.endpoint),
        cache=home.instance / "cdk",
        drop_aws=True,
        environ=os.environ if environ is None else environ,
    )


def _bootstrapped(environment: Environment) -> bool:
    from botocore.exceptions import ClientError

    try:
        answer = environment.client("cloudformation").describe_stacks(StackName=TOOLKIT)
    except ClientError:
        return False
    return answer["Stacks"][0]["StackStatus"] in _READY
