"""The demo's steps. Each is timed; the times are written beside the instance's data."""

from dataclasses import asdict
from typing import Any

from rich.console import Console

from lakehouse_local.home import DEFAULT_PORT, Home
from lakehouse_tools.demo import needs, org, story
from lakehouse_tools.demo.marts import Mart, marts
from lakehouse_tools.deploy import local as deploy
from lakehouse_tools.display.console import program
from lakehouse_tools.display.outcome import run_and_follow
from lakehouse_tools.display.status_line import status_line
from lakehouse_tools.environment import Environment
from lakehouse_tools.errors import RequestError
from lakehouse_tools.executions.outcomes import object_outcomes
from lakehouse_tools.executions.progress import ExecutionProgress
from lakehouse_tools.executions.start import Request, start
from lakehouse_tools.stack import Stack, read_stack
from lakehouse_tools.timing import Phases


class Tour:
    """One demo on one local lakehouse."""

    def __init__(self, environment: Environment, *, console: Console, plain: bool) -> None:
        if environment.home is None:
            raise RequestError("the demo runs on the local AWS only: leave --env out")
        self.environment = environment
        self.home: Home = environment.home
        self.console = console
        self.plain = plain
        self.phases = Phases()
        self.runs: list[dict[str, Any]] = []

    def go(self, *, records: int | None, fresh: bool) -> None:
        """All steps; stops at the first that fails."""
        for line in needs.notice(self.home):
            self._say(line)
        if fresh:
            self._delete()
        needs.require(self.home)
        details = self._up(records)
        stack = self._deploy()
        org.fill_secret(self.environment, stack, details)
        first = self._run(stack, "run 1")
        before = self._marts(stack, "query 1")
        self._change()
        second = self._run(stack, "run 2")
        after = self._marts(stack, "query 2")
        self._tell(stack, first, second, before, after)

    def _up(self, records: int | None) -> Any:
        from lakehouse_local import runtimes, server

        with self.phases.measure("setup"), self._status("setting up", few=True) as report:
            runtimes.ensure(self.home, report)
        with self.phases.measure("up"), self._status("starting the local AWS") as report:
            server.start(self.home, report)
        self._say(f"Local AWS at {self.home.endpoint}")
        with self.phases.measure("org"), self._status("starting the demo org"):
            details = org.start(self.home, records=records)
        self._say(f"Demo org at {details.url}")
        return details

    def _deploy(self) -> Stack:
        with self._status("cdk") as report:
            deploy.deploy(self.environment, report=report, measure=self.phases.measure)
        stack = read_stack(self.environment)
        self._say(f"Stack {self.environment.stack_name} deployed; log in {self.home.logs}")
        return stack

    def _run(self, stack: Stack, phase: str) -> ExecutionProgress:
        self._title(phase)
        with self.phases.measure(phase):
            arn = start(self.environment, stack, Request())
            progress = run_and_follow(
                self.environment, stack, arn, console=self.console, plain=self.plain
            )
        self.phases.add(f"{phase}: extract", progress.extract_seconds)
        self.phases.add(f"{phase}: dbt", progress.build_seconds)
        self.runs.append({"execution": progress.name, "status": progress.status})
        self._write()
        return progress

    def _marts(self, stack: Stack, phase: str) -> list[Mart]:
        with self.phases.measure(phase):
            return marts(self.environment, stack)

    def _change(self) -> None:
        from lakehouse_local.salesforce_org import lifecycle

        self._title("the org changes")
        with self.phases.measure("change"):
            changed = lifecycle.change(self.home)
        self._say(str(changed))

    def _tell(
        self,
        stack: Stack,
        first: ExecutionProgress,
        second: ExecutionProgress,
        before: list[Mart],
        after: list[Mart],
    ) -> None:
        self._title("what run 2 found")
        outcomes = object_outcomes(self.environment, stack, second.name)
        for line in story.difference(outcomes):
            self._say(f"  {line}")
        self._title("what is in the marts")
        self.console.print(story.marts_table(before, after))
        self._title("seconds by phase")
        self.console.print(story.seconds_table(self.phases.seconds, self.phases.total))
        self.console.print()
        story.next_steps(
            self.console,
            program=program(None if self.home.port == DEFAULT_PORT else self.home.port),
            run_name=second.name,
            stack=stack,
            endpoint=self.home.endpoint,
        )
        self._write(
            rows=sum(o["rows"] for o in object_outcomes(self.environment, stack, first.name)),
            marts=[asdict(mart) for mart in after],
        )

    def _delete(self) -> None:
        from lakehouse_tools.teardown import take_down

        take_down(self.home, delete=True)

    def _write(self, **more: Any) -> None:
        self.phases.write(self.home.instance / "demo.json", runs=self.runs, **more)

    def _status(self, title: str, *, few: bool = False) -> Any:
        return status_line(self.console, title, plain=self.plain, few=few)

    def _say(self, text: str) -> None:
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def _title(self, text: str) -> None:
        self.console.print()
        self.console.print(text.capitalize(), style="bold", markup=False, highlight=False)
