"""What dbt needs outside of CodeBuild: the deployed build's settings, AWS, the pinned program."""

import os
import shlex
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lakehouse_jobs.contract.arguments import BuildVariable
from lakehouse_tools.environment import Environment
from lakehouse_tools.errors import MachineError, NotDeployedError
from lakehouse_tools.stack import Stack

# A build of the pipeline stops at its end what runs under its own prefix.
_BY_HAND: Final = "-by-hand"
# What dbt reads, not the program around it. By name: what somebody else may have put on the
# project is not taken over into a shell here.
_OF_DBT: Final = tuple(str(each) for each in BuildVariable if not each.startswith("LAKEHOUSE_"))
# With a selection, a test that also reads a model which was never built would find no table.
_LIKE_THE_BUILD: Final = {
    "DBT_INDIRECT_SELECTION": "cautious",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
}


@dataclass(frozen=True, kw_only=True)
class Change:
    """What is to be different in the environment of a process that runs dbt."""

    values: Mapping[str, str]
    gone: Collection[str] = ()

    def applied(self, environ: Mapping[str, str]) -> dict[str, str]:
        """Such an environment, made of another one."""
        return {k: v for k, v in environ.items() if k not in self.gone} | dict(self.values)

    def as_shell(self, *, path: Path) -> str:
        """Lines that a POSIX shell evaluates; ``path`` is searched for programs first."""
        lines = [f"unset {name}" for name in self.gone]
        lines += [f"export {name}={shlex.quote(value)}" for name, value in self.values.items()]
        lines.append(f'export PATH={shlex.quote(str(path))}:"$PATH"')
        return "\n".join(lines)


def change(environment: Environment, settings: Mapping[str, str]) -> Change:
    """What leads dbt to this environment's AWS, with these settings, from where we are.

    In an account the credentials stay those that the caller has, and none is told.
    """
    if environment.home is None:
        away: list[str] = []
        values = environment.region_variables()
    else:
        from lakehouse_local.home import aws_environment

        away = [name for name in os.environ if name.startswith("AWS_")]
        there = aws_environment(environment.home.endpoint)
        values = {k: v for k, v in there.items() if k.startswith("AWS_")} | _without_proxy()
    values = {**values, **settings, **_LIKE_THE_BUILD}
    # Of an environment that the shell had before.
    left_over = [name for name in _OF_DBT if name in os.environ]
    return Change(values=values, gone=sorted({*away, *left_over} - values.keys()))


def _without_proxy() -> dict[str, str]:
    from lakehouse_local.loopback import HOST

    known = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    hosts = [host for host in (known, HOST) if host]
    return dict.fromkeys(("NO_PROXY", "no_proxy"), ",".join(hosts))


def settings(environment: Environment, stack: Stack) -> dict[str, str]:
    """The variables that dbt reads, as the build's project has them; sessions named apart.

    Raises NotDeployedError where the project is gone.
    """
    found = environment.client("codebuild").batch_get_projects(names=[stack.dbt_project_name])
    if not found["projects"]:
        raise NotDeployedError(
            f"there is no CodeBuild project {stack.dbt_project_name}, which stack"
            f" {environment.stack_name} names: deploy it with `lakehouse up{environment.option}`"
        )
    (project,) = found["projects"]
    told = {v["name"]: v["value"] for v in project["environment"]["environmentVariables"]}
    values = {name: told[name] for name in _OF_DBT if name in told}
    if BuildVariable.SESSION_PREFIX in values:
        values[BuildVariable.SESSION_PREFIX] += _BY_HAND
    return values


def program(environment: Environment) -> Path:
    """The dbt that the lock file pins, alone in a folder for PATH.

    Beside it, where it is installed, lie a python and a pip that would come before the shell's.
    Raises MachineError where it is not on this machine, or the folder cannot be made.
    """
    from lakehouse_local.home import Home

    home = environment.home or Home.from_environment()
    found, alone = home.build_bin / "dbt", home.runtimes / "by-hand" / "dbt"
    if not found.is_file():
        raise MachineError(f"dbt is not in {found.parent}: `lakehouse setup` brings it")
    try:
        if not alone.is_symlink() or alone.readlink() != found:
            alone.parent.mkdir(exist_ok=True)
            made = alone.with_name(f".dbt-{os.getpid()}")  # others may evaluate at this moment
            made.symlink_to(found)
            made.replace(alone)
    except OSError as error:
        raise MachineError(f"{alone}: {error.strerror}; make its folder writable") from error
    return alone


def tables_to_leave_out(declared: Collection[str], *, raw: Collection[str]) -> str:
    """The option of dbt that leaves out sources without a raw table; empty where all are there.

    A build of the pipeline leaves them out by itself.
    """
    absent = sorted(set(declared) - set(raw))
    return " ".join(["--exclude", *(f"source:salesforce.{t}+" for t in absent)]) if absent else ""
