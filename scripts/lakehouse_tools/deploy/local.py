"""Deploying to the local AWS."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Final

from lakehouse_tools.deploy import cdk, synthesis
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
    with measure("bootstrap"):
        bootstrap(environment, report=report)
    with measure("deploy"):
        cdk.run_logged(
            [
                *cdk.command(home.node_modules),
                "deploy",
                environment.stack_name,
                *cdk.app_arguments(any_account=True),
                *("--output", str(home.instance / "cdk.out")),
                *("--outputs-file", str(home.instance / "outputs.json")),
                *("--require-approval", "never"),
                *("--progress", "events"),
                "--no-notices",
            ],
            what=f"cdk deploy {environment.stack_name}",
            cwd=find_project(),
            env=synthesis.child_environment(environment, home),
            log=synthesis.log(environment, home, "cdk-deploy"),
            report=report,
        )


def bootstrap(environment: Environment, *, report: cdk.Report) -> None:
    """``cdk bootstrap``, where that was not done yet. Raises :class:`DeployError`."""
    if _bootstrapped(environment):
        return
    from lakehouse_local.home import ACCOUNT, REGION

    home = _home(environment)
    home.instance.mkdir(parents=True, exist_ok=True)
    # From a folder without an app: the CLI would synthesize it first.
    cdk.run_logged(
        [*cdk.command(home.node_modules), "bootstrap", f"aws://{ACCOUNT}/{REGION}"],
        what="cdk bootstrap",
        cwd=home.instance,
        env=synthesis.child_environment(environment, home),
        log=synthesis.log(environment, home, "cdk-bootstrap"),
        report=report,
    )


def _home(environment: Environment) -> "Home":
    if environment.home is None:
        raise ValueError("an account has no local home")
    return environment.home


def _bootstrapped(environment: Environment) -> bool:
    from botocore.exceptions import ClientError

    try:
        answer = environment.client("cloudformation").describe_stacks(StackName=TOOLKIT)
    except ClientError:
        return False
    return answer["Stacks"][0]["StackStatus"] in _READY
