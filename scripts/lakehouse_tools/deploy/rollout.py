"""One deployment from the first check to the last: what was shown is what goes out."""

import tempfile
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict
from pathlib import Path

from lakehouse_tools import connections, secret
from lakehouse_tools.checks import Check, Secrets, attempt
from lakehouse_tools.deploy import cdk, deployed, local, synthesis
from lakehouse_tools.deploy.preflight import Preflight
from lakehouse_tools.environment import Environment, aws_errors
from lakehouse_tools.review.assembly import Assembly
from lakehouse_tools.review.build import review
from lakehouse_tools.review.report import StackReview
from lakehouse_tools.stack import OUTPUTS, Stack, read_stack

Status = Callable[[str, bool], AbstractContextManager[cdk.Report]]


class Rollout:
    """The steps, in this order: start, check, review, deploy, verify.

    A context: the assembly is there until it ends.
    """

    def __init__(
        self,
        environment: Environment,
        *,
        allowed: Collection[str],
        skip: Collection[str],
        status: Status,
        told: Callable[[Check], None],
        gate: bool = False,
    ) -> None:
        """``status``: a line that changes, by its title; ``told``: each check, once it is known.

        ``gate``: nothing is deployed that the gate of the cut-over does not let pass.
        """
        from lakehouse_local.home import Home

        self._environment = environment
        self._home: Home = environment.home or Home.from_environment()
        self._allowed = allowed
        self._skip = skip
        self._status = status
        self._told = told
        self._gate = gate
        self._end = ExitStack()
        self._assembly: Assembly | None = None
        self._filled = False
        self.place = ""
        self.found: list[Check] = []
        self.outputs: dict[str, str] = {}

    def __enter__(self) -> "Rollout":
        self._folder = self._end.enter_context(synthesis.own_folder(self._environment, self._home))
        return self

    def __exit__(self, *_: object) -> None:
        self._end.close()

    @property
    def failed(self) -> int:
        """Checks that found something wrong."""
        return sum(check.passed is False for check in self.found)

    @property
    def next_step(self) -> str:
        """The command to call now."""
        option = self._environment.option
        if self._filled:
            return f"`lakehouse run{option}`"
        return f"`lakehouse secret set{option}`, then `lakehouse connections{option}`"

    def start(self) -> None:
        """The local AWS is started where it does not run; an account is there."""
        if self._environment.home is None:
            return
        from lakehouse_local import runtimes, server

        with self._status("setting up", True) as report:
            runtimes.ensure(self._home, report)
        with self._status("starting the local AWS", False) as report:
            server.start(self._home, report)

    def check(self) -> bool:
        """Whether nothing stands in the way."""
        with self._status("checking", False) as report:
            preflight = Preflight(
                self._environment,
                self._home,
                folder=self._folder,
                report=report,
                skip=self._skip,
                gate=self._gate,
            )
            for check in preflight.checks():
                self._add(check)
        self._assembly, self.place = preflight.assembly, preflight.place
        return not self.failed

    def review(self) -> StackReview:
        """What the deployment would change."""
        with (
            self._status("comparing with what is deployed", False),
            tempfile.TemporaryDirectory(prefix="lakehouse-deploy-") as folder,
            aws_errors(self._environment),
        ):
            (found,) = review(
                deployed.as_assembly(self._environment, Path(folder)),
                self._ready,
                stacks=[self._environment.stack_name],
                allowed=self._allowed,
                node_modules=self._home.node_modules,
                environ=synthesis.child_environment(self._environment, self._home),
            )
        return found

    def deploy(self, found: StackReview) -> None:
        """Deploy what was reviewed; where nothing changes, nothing is asked of AWS."""
        if found.is_empty:
            return

        def go() -> str:
            with self._status("deploying", False) as report:
                if self._environment.home is not None:
                    local.bootstrap(self._environment, report=report)
                synthesis.deploy(self._environment, self._home, self._ready, report=report)
            return f"{self._environment.stack_name} to {self.place}"

        check = attempt("deployment", self._environment, Secrets(), go)
        self._add(check)
        if check.passed is False:
            from lakehouse_tools.errors import DeployError

            raise DeployError("the deployment failed: see above")

    def verify(self) -> None:
        """Look for the outputs, and try the connections."""
        stack: list[Stack] = []

        def outputs() -> str:
            stack.append(read_stack(self._environment))
            self.outputs = {OUTPUTS[k]: v for k, v in asdict(stack[0]).items()}
            return f"all {len(OUTPUTS)} are there"

        self._add(attempt("outputs", self._environment, Secrets(), outputs))
        if not stack:
            return
        with aws_errors(self._environment):
            self._filled = secret.filled_for(self._environment, stack[0]) is not None
        if "connections" in self._skip:
            return
        skip = {kind for kind in self._skip if kind in connections.KINDS}
        if not self._filled:
            skip |= {"secret", "salesforce"}
        for check in connections.check_all(self._environment, stack[0], skip=skip):
            self._add(check)
        if not self._filled:
            self._add(
                Check(
                    name="secret",
                    passed=None,
                    text="not filled yet: the org was not tried",
                    remedy=f"`lakehouse secret set{self._environment.option}`",
                )
            )

    @property
    def _ready(self) -> Assembly:
        assert self._assembly is not None  # noqa: S101 - check() said that all is well
        return self._assembly

    def _add(self, check: Check) -> None:
        self.found.append(check)
        self._told(check)
