"""What has to be right before anything is deployed: each check says what to do about it."""

import json
import re
import subprocess
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lakehouse_jobs.contract.arguments import Mode
from lakehouse_jobs.contract.objects import ObjectsConfig
from lakehouse_tools.checks import Check, CheckFailedError, Note, Secrets, attempt
from lakehouse_tools.deploy import cdk, deployed, governance, network, synthesis
from lakehouse_tools.deploy.project import find_project
from lakehouse_tools.environment import Environment
from lakehouse_tools.errors import NotDeployedError
from lakehouse_tools.review.assembly import Assembly

if TYPE_CHECKING:
    from lakehouse_local.home import Home
    from lakehouse_tools.comparison.gate import Requirement

OLDEST_NODE: Final = 22  # 22 and 24 are what CDK supports


class Preflight:
    """The checks, and what they learned on their way."""

    def __init__(
        self,
        environment: Environment,
        home: "Home",
        *,
        folder: Path,
        report: cdk.Report,
        skip: Collection[str] = (),
        gate: bool = False,
    ) -> None:
        """``folder``: where the assembly goes; ``gate``: the gate of the cut-over is asked too."""
        self._environment = environment
        self._home = home
        self._folder = folder
        self._report = report
        self._skip = skip
        self._gate = gate
        self._account = ""
        self._region = ""
        self.assembly: Assembly | None = None

    def checks(self) -> Iterator[Check]:
        """One after the other; what another depends on comes first, and ends it where it fails."""
        yield self._try("Node", self._node)
        yield self._try("CDK CLI", self._cli)
        identity = self._try("identity", self._identity)
        yield identity
        if identity.passed is not False:
            yield self._try("account", self._place)
            yield self._try("stack", lambda: deployed.ready(self._environment))
            if self._gate:
                yield from self._ask_gate()
        yield self._try("synthesis", self._synthesize)
        if identity.passed is False or self.assembly is None:
            return
        yield self._try("bootstrap", self._bootstrap)
        if self._environment.name == "prod":
            yield self._try("alerts", self._alerts)
        if self._environment.home is None:
            yield self._try("schedules", self._schedules)
            if "vpc" not in self._skip and self._config().get("vpc"):
                yield self._try("VPC", self._vpc, _MAY_ASK)
        if "lake-formation" not in self._skip:
            yield self._try("Lake Formation", self._lake_formation, _MAY_ASK)
        if "quotas" not in self._skip:
            yield self._try("quotas", self._quotas, _MAY_ASK)
            yield self._try("builds", lambda: governance.builds(self._environment))

    @property
    def place(self) -> str:
        """Where the credentials lead."""
        return f"account {self._account}, region {self._region}"

    def _try(self, name: str, tried: Callable[[], str], remedy: str | None = None) -> Check:
        return attempt(name, self._environment, Secrets(), tried, remedy=remedy)

    def _node(self) -> str:
        folder = cdk.node_folder()
        version = _version([str(folder / "node") if folder else "node", "--version"])
        if int(version.lstrip("v").split(".")[0]) < OLDEST_NODE:
            raise CheckFailedError(
                f"Node {version} is older than {OLDEST_NODE}",
                "`make setup` brings the one that this project was tried with",
            )
        return f"Node {version}"

    def _cli(self) -> str:
        wanted = synthesis.pinned_version()
        argv = [*cdk.command(self._home.node_modules), "--version"]
        found = _version(argv).split()[0]
        if found != wanted:
            raise CheckFailedError(
                f"the CDK CLI is {found}, and this project is tried with {wanted}",
                "`lakehouse setup` brings that one",
            )
        return f"CDK CLI {found}"

    def _identity(self) -> str:
        client = self._environment.client("sts")
        found = client.get_caller_identity()
        self._account, self._region = found["Account"], client.meta.region_name
        return str(found["Arn"])

    def _place(self) -> str:
        """Whether the credentials lead to where the configuration says."""
        if self._environment.home is not None:
            return self.place  # it names an account of AWS
        name, config = self._environment.name, self._config()
        for key, here in (("account", self._account), ("region", self._region)):
            wanted = config.get(key)
            if wanted and str(wanted) != here:
                raise CheckFailedError(
                    f"the credentials lead to {key} {here}, and config/{name}.json says {wanted}",
                    "set AWS_PROFILE (or AWS_REGION) to the one that is meant, or correct the file",
                )
        open_keys = [key for key in ("account", "region") if not config.get(key)]
        if open_keys:
            raise Note(
                f"{self.place}, as the credentials lead: config/{name}.json names no"
                f" {' and no '.join(open_keys)}",
                "write them into the file, so that other credentials are refused",
            )
        return self.place

    def _ask_gate(self) -> Iterator[Check]:
        """What `lakehouse gate` says, a check for each of its lines."""
        from lakehouse_tools.comparison.asked import ask

        found: list[Requirement] = []

        def tried() -> str:
            config = find_project() / "config" / "comparison.json"
            try:
                found.extend(ask(self._environment, config))
            except NotDeployedError as error:
                raise CheckFailedError(
                    str(error), "deploy without --gate first: only what is there can be compared"
                ) from None
            return ""

        asked = self._try("gate", tried)
        if asked.passed is False:
            yield asked
        for one in found:
            yield replace(asked, passed=one.met, text=f"{one.name}: {one.text}")

    def _synthesize(self) -> str:
        self.assembly = synthesis.synthesize(
            self._environment, self._home, self._folder, report=self._report
        )
        resources = self.assembly.stacks[self._environment.stack_name].resources
        return f"{self._environment.stack_name}, {len(resources)} resources"

    def _bootstrap(self) -> str:
        found = self._properties()
        needed = int(found.get("requiresBootstrapStackVersion", 0))
        name = found["bootstrapStackVersionSsmParameter"]
        client = self._environment.client("ssm")
        remedy = (
            f"`make cdk ARGS='bootstrap aws://{self._account}/{self._region}'`, once, by an"
            " administrator"
        )
        try:
            version = int(client.get_parameter(Name=name)["Parameter"]["Value"])
        except client.exceptions.ParameterNotFound:
            if self._environment.home is not None:
                raise Note("not done yet: the deployment does it") from None
            raise CheckFailedError(
                f"account {self._account} is not bootstrapped in {self._region}: no {name}", remedy
            ) from None
        if version < needed:
            raise CheckFailedError(f"bootstrap version {version}; needed: {needed}", remedy)
        return f"bootstrap version {version}; needed: {needed}"

    def _alerts(self) -> str:
        """Whether the topic that the stack makes has somebody who reads it."""
        kinds = [resource["Type"] for resource in self._template().resources.values()]
        readers = kinds.count("AWS::SNS::Subscription")
        if not readers and "AWS::SNS::Topic" in kinds:
            raise Note(
                "nobody is subscribed to the alerts: a run that fails tells nobody",
                "write addresses into `alerts.emails` of config/prod.json, or subscribe to the"
                " topic of the output AlertTopicArn yourself",
            )
        if not readers:
            return "a topic that was there already"
        several = "addresses: each" if readers > 1 else "address: it"
        return f"{readers} {several} has to confirm the e-mail that AWS sends"

    def _schedules(self) -> str:
        """Whether the environment's schedules read the changes of every group."""
        name, schedules = self._environment.name, self._config().get("schedules", [])
        if not schedules:
            return f"config/{name}.json has none: runs are started by hand"
        groups = [group.name for group in _objects().groups]
        read = {
            group
            for schedule in schedules
            if schedule.get("mode", Mode.INCREMENTAL) == Mode.INCREMENTAL
            for group in schedule.get("groups") or groups
        }
        left = [group for group in groups if group not in read]
        if left:
            which = f"group {left[0]} has" if len(left) == 1 else f"groups {', '.join(left)} have"
            raise Note(
                f"{which} no incremental schedule: nothing reads what changes there",
                f"add one to `schedules` in config/{name}.json",
            )
        return f"{len(schedules)}; each group's changes are read by one at least"

    def _vpc(self) -> str:
        workers = sum(group.workers for group in _objects().groups)
        workers += _sessions(self._template().resources)[0]
        return network.vpc(self._environment, self._config()["vpc"], workers=workers)

    def _lake_formation(self) -> str:
        role = str(self._properties()["cloudFormationExecutionRoleArn"])
        partition = "aws" if self._environment.home else _partition(self._environment)
        for name, value in (
            ("AccountId", self._account),
            ("Region", self._region),
            ("Partition", partition),
        ):
            role = role.replace(f"${{AWS::{name}}}", value)
        return governance.lake_formation(self._environment, self._template(), executor=role)

    def _quotas(self) -> str:
        return governance.quotas(
            self._environment, _objects(), session_dpus=_sessions(self._template().resources)[1]
        )

    def _config(self) -> Any:
        """``config/<env>.json``, which the synthesis checks."""
        path = find_project() / "config" / f"{self._environment.name}.json"
        return json.loads(path.read_text(encoding="utf-8"))

    def _template(self) -> Any:
        assert self.assembly is not None  # noqa: S101 - checks() ends before
        return self.assembly.stacks[self._environment.stack_name]

    def _properties(self) -> Any:
        assert self.assembly is not None  # noqa: S101 - checks() ends before
        return synthesis.properties(self.assembly, self._environment.stack_name)


_MAY_ASK: Final = (
    "these credentials may not look: let them, or ask an administrator and go on with --skip"
)


def _version(argv: list[str]) -> str:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise CheckFailedError(
            f"{Path(argv[0]).name} does not run: {error}", "`make setup`, then `lakehouse setup`"
        ) from None
    found = re.search(r"v?\d+\.\d+\.\d+.*", done.stdout)
    if found is None:
        raise CheckFailedError(f"{' '.join(argv)} tells no version", "`lakehouse setup`")
    return found[0].strip()


def _partition(environment: Environment) -> str:
    return str(environment.client("sts").meta.partition)


def _objects() -> ObjectsConfig:
    return ObjectsConfig.from_file(find_project() / "config" / "salesforce_objects.json")


def _sessions(resources: Any) -> tuple[int, int]:
    """Workers and DPUs of dbt's sessions, from the variables of the build's project.

    Each thread has a session.
    """
    from lakehouse_jobs.contract.arguments import BuildVariable

    for resource in resources.values():
        if resource["Type"] != "AWS::CodeBuild::Project":
            continue
        listed = resource["Properties"]["Environment"].get("EnvironmentVariables", [])
        values = {v["Name"]: v["Value"] for v in listed}
        workers = int(values.get(BuildVariable.SESSION_WORKERS, 0))
        workers *= int(values.get(BuildVariable.THREADS, 1))
        dpus = governance.WORKER_DPUS[values.get(BuildVariable.SESSION_WORKER_TYPE, "G.1X")]
        return workers, workers * dpus
    return 0, 0
