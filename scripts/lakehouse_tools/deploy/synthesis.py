"""One synthesis, which is reviewed and then deployed: what was agreed to is what goes out."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from lakehouse_tools.deploy import cdk
from lakehouse_tools.deploy.project import find_project
from lakehouse_tools.environment import Environment
from lakehouse_tools.review.assembly import Assembly

if TYPE_CHECKING:
    from lakehouse_local.home import Home

_PINNED: Final = "aws-cdk"


def pinned_version() -> str:
    """The version of the CDK CLI that this package was tried with."""
    from importlib.resources import files

    package = files("lakehouse_local").joinpath("node", "package.json")
    return str(json.loads(package.read_text(encoding="utf-8"))["dependencies"][_PINNED])


def child_environment(
    environment: Environment, home: "Home", environ: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """The CLI's environment: an account's settings are the user's, the local AWS's its own.

    The region is the one that the checks and the review looked at.
    """
    from lakehouse_local.home import aws_environment

    local = environment.home is not None
    return cdk.child_environment(
        aws_environment(home.endpoint) if local else environment.region_variables(),
        cache=home.instance / "cdk" if local else home.root / "cdk",
        drop_aws=local,
        environ=environ,
    )


@contextmanager
def own_folder(environment: Environment, home: "Home") -> Iterator[Path]:
    """A new folder for the assembly of one rollout, removed afterwards.

    While a person reads the review, no other command can write into it.
    """
    parent = home.instance if environment.home else home.root
    parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f"cdk.{environment.name}.", dir=parent) as folder:
        yield Path(folder)


def synthesize(
    environment: Environment, home: "Home", folder: Path, *, report: cdk.Report
) -> Assembly:
    """``cdk synth`` of the environment's stack into a folder. Raises :class:`DeployError`."""
    cdk.run_logged(
        [
            *cdk.command(home.node_modules),
            *("synth", environment.stack_name, "--quiet", "--no-notices"),
            *cdk.app_arguments(any_account=environment.home is not None),
            *("--output", str(folder)),
        ],
        what=f"cdk synth {environment.stack_name}",
        cwd=find_project(),
        env=child_environment(environment, home),
        log=log(environment, home, "cdk-synth"),
        report=report,
    )
    return Assembly.at(folder)


def deploy(
    environment: Environment, home: "Home", assembly: Assembly, *, report: cdk.Report
) -> None:
    """``cdk deploy`` of an assembly as it is, without questions. Raises :class:`DeployError`."""
    cdk.run_logged(
        [*cdk.command(home.node_modules), *deployment(environment, assembly)],
        what=f"cdk deploy {environment.stack_name}",
        cwd=assembly.folder,
        env=child_environment(environment, home),
        log=log(environment, home, "cdk-deploy"),
        report=report,
    )


def deployment(environment: Environment, assembly: Assembly) -> Sequence[str]:
    """The CLI's arguments."""
    return [
        *("deploy", environment.stack_name, "--app", str(assembly.folder)),
        *("--require-approval", "never", "--progress", "events", "--no-notices"),
    ]


def log(environment: Environment, home: "Home", name: str) -> Path:
    """Where the CLI's whole output goes."""
    return home.logs / f"{name}.log" if environment.home else home.root / "logs" / f"{name}.log"


def properties(assembly: Assembly, stack: str) -> Mapping[str, Any]:
    """What the assembly's manifest says of a stack."""
    manifest = json.loads((assembly.folder / "manifest.json").read_text(encoding="utf-8"))
    return manifest["artifacts"][stack]["properties"]
