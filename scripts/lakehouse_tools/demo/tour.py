"""The demo's steps. Each is timed; the times are written beside the instance's data."""

from dataclasses import asdict
from typing import Any

from rich.console import Console

from lakehouse_local import old_lake
from lakehouse_local.home import DEFAULT_PORT, Home
from lakehouse_tools.configured import configured_names, deployed_config
from lakehouse_tools.demo import interruption, journal, needs, old_system, org, story
from lakehouse_tools.demo.interruption import Killed
from lakehouse_tools.demo.marts import Mart, marts
from lakehouse_tools.deploy import local as deploy
from lakehouse_tools.display.compared import print_report
from lakehouse_tools.display.console import program
from lakehouse_tools.display.outcome import run_and_follow
from lakehouse_tools.display.status_line import status_line
from lakehouse_tools.environment import Environment
from lakehouse_tools.errors import ExecutionError, RequestError
from lakehouse_tools.executions.outcomes import object_outcomes
from lakehouse_tools.executions.progress import ExecutionProgress
from lakehouse_tools.executions.start import Request, start
from lakehouse_tools.stack import Stack, read_stack
from lakehouse_tools.timing import Phases

# Staging and a mart of each kind. A demo shows the way; a plain `lakehouse run` builds the rest.
_MODELS = ("tag:core",)


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
        self.notes: dict[str, Any] = {}

    def go(self, *, records: int | None, fresh: bool, lost_batch: bool = False) -> None:
        """All steps; stops at the first that fails.

        ``lost_batch``: the old lake gets accounts that the new system never will.
        """
        for line in needs.notice(self.home):
            self._say(line)
        if fresh:
            self._delete()
        needs.require(self.home)
        details = self._up(records)
        stack = self._deploy()
        org.fill_secret(self.environment, stack, details)
        names = configured_names(deployed_config(self.environment, stack))
        killed = self._kill(stack, names)
        first = self._run(stack, "run 1")
        if killed is not None:
            self._resumed(stack, first, killed)
        before = self._marts(stack, "query 1")
        self._load_old_lake()
        self._change()
        self._load_old_lake(lost_batch=lost_batch)
        second = self._run(stack, "run 2")
        after = self._marts(stack, "query 2")
        if killed is not None:
            self._judge(stack, details.url, names)
        self._tell(stack, second, before, after)
        self._compare(stack)
        self._end(stack, first, after)

    def _up(self, records: int | None) -> Any:
        from lakehouse_local import runtimes, server

        with self.phases.measure("setup"), self._status("setting up", few=True) as report:
            runtimes.ensure(self.home, report)
        with self.phases.measure("up"), self._status("starting the local AWS") as report:
            server.start(self.home, report)
        self._say(f"Local AWS at {self.home.endpoint}")
        with self.phases.measure("org"), self._status("starting the demo org"):
            details = org.start(self.home, records=records, say=self._say)
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
            arn = start(self.environment, stack, Request(models=_MODELS))
            progress = run_and_follow(
                self.environment, stack, arn, console=self.console, plain=self.plain
            )
        self.phases.add(f"{phase}: extract", progress.extract_seconds)
        self.phases.add(f"{phase}: dbt", progress.build_seconds)
        self.runs.append({"execution": progress.name, "status": progress.status})
        self._write()
        return progress

    def _kill(self, stack: Stack, names: list[str]) -> Killed | None:
        """Kill the biggest object's first load; None where raw has that object already."""
        name, records = interruption.biggest(self.home, names)
        if interruption.has_table(self.environment, stack, name):
            return None
        self._title("a run is killed in the middle")
        with self.phases.measure("killed run"), self._status(f"loading {name}"):
            killed = interruption.kill_in_the_middle(
                self.environment, self.home, stack, name=name, records=records
            )
        for line in story.of_the_kill(killed):
            self._say(f"  {line}")
        self.runs.append({"execution": killed.progress.name, "status": killed.progress.status})
        return killed

    def _resumed(self, stack: Stack, progress: ExecutionProgress, killed: Killed) -> None:
        outcomes = object_outcomes(self.environment, stack, progress.name)
        sent = interruption.pages_sent(self.home, killed.object_name)
        for line in story.of_the_resumption(killed, outcomes, sent=sent):
            self._say(f"  {line}")

    def _judge(self, stack: Stack, org_url: str, names: list[str]) -> None:
        self._title("every version the org ever had, against raw")
        with self.phases.measure("journal"), self._status("comparing"):
            found = journal.compare_with_journal(
                self.environment, stack, org_url=org_url, names=names
            )
        for line in story.of_the_journal(found):
            self._say(f"  {line}")
        self._write(journal=asdict(found))
        if not found.equal:
            raise ExecutionError(
                f"raw differs from the org: {found.lost:,} versions lost, {found.twice:,} twice,"
                f" {found.unknown:,} that the org never had: please report it with the logs in"
                f" {self.home.logs}"
            )

    def _marts(self, stack: Stack, phase: str) -> list[Mart]:
        with self.phases.measure(phase):
            return marts(self.environment, stack)

    def _change(self) -> None:
        from lakehouse_local.salesforce_org import lifecycle

        self._title("the org changes")
        with self.phases.measure("change"):
            changed = lifecycle.change(self.home)
        self._say(str(changed))

    def _load_old_lake(self, *, lost_batch: bool = False) -> None:
        with self.phases.measure("old lake"):
            old_system.load(self.environment, self.home)
            if lost_batch:
                old_lake.plant_lost_batch(self.environment.client)

    def _compare(self, stack: Stack) -> None:
        """The old lake's tables against the marts, and what a cut-over still lacks."""
        self._title("the old lake against the marts")
        with self.phases.measure("comparison"), self._status("comparing"):
            report, page = old_system.compare_with_marts(self.environment, self.home, stack)
        print_report(self.console, report, page)
        self._title("what the cut-over still lacks")
        for one in old_system.missing(self.environment, self.home):
            self._say(f"  ✗ {one.name}: {one.text}")
        self._write(comparison=str(report.status))

    def _tell(
        self,
        stack: Stack,
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

    def _end(self, stack: Stack, first: ExecutionProgress, after: list[Mart]) -> None:
        self._title("seconds by phase")
        self.console.print(story.seconds_table(self.phases.seconds, self.phases.total))
        self.console.print()
        story.next_steps(
            self.console,
            program=program(None if self.home.port == DEFAULT_PORT else self.home.port),
            endpoint=self.home.endpoint,
            gate=old_system.gate_command(self.home),
        )
        self._write(
            rows=sum(o["rows"] for o in object_outcomes(self.environment, stack, first.name)),
            marts=[asdict(mart) for mart in after],
        )

    def _delete(self) -> None:
        from lakehouse_tools.teardown import take_down

        take_down(self.home, delete=True)

    def _write(self, **more: Any) -> None:
        self.notes |= more
        self.phases.write(self.home.instance / "demo.json", runs=self.runs, **self.notes)

    def _status(self, title: str, *, few: bool = False) -> Any:
        return status_line(self.console, title, plain=self.plain, few=few)

    def _say(self, text: str) -> None:
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def _title(self, text: str) -> None:
        self.console.print()
        self.console.print(text.capitalize(), style="bold", markup=False, highlight=False)
