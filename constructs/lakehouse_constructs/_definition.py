"""The states of the pipeline, in the order in which an execution meets them.

Plan → Refused? → EachGroup (Extract → ReadOutcome) → Collect → ToBuild? → Build →
ReadBuildOutcome → Judge → Healthy? → Succeeded, or Notify → Failed. An input that Plan
refuses goes by NotStarted to Notify → Failed. Where runs leave no outcome, RunEnded stands
for ReadOutcome. A build that CodeBuild takes no more of goes by MayWait? → WaitForTurn → Build
(:mod:`._turn`). With an old system to compare with, Built? → Compare → ReadComparison →
Turned? → TellOfTurn stand before Judge.

Variables, visible to all states: ``plan``, ``extraction``, ``asked``, ``build``, ``comparison``,
``verdict`` (:mod:`._plan`, :mod:`._outcomes`, :mod:`._turn`). Within EachGroup all data goes from
state to state.
"""

from dataclasses import dataclass
from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from lakehouse_constructs import _outcomes, _turn
from lakehouse_constructs._jsonata import query
from lakehouse_constructs._plan import plan_expression
from lakehouse_jobs.contract.arguments import Argument, BuildVariable
from lakehouse_jobs.contract.objects import ObjectsConfig
from lakehouse_jobs.contract.runs import RUNS_PREFIX

# A state waits longer than the run's own time-out, so that Glue ends it and says so.
_START_UP: Final = Duration.minutes(30)
_EXECUTION: Final = "$states.context.Execution.Name"
_EVERYTHING: Final = ["States.ALL"]


@dataclass(frozen=True, kw_only=True)
class Runs:
    """The Glue runs of the extraction."""

    job_name: str
    objects: ObjectsConfig  # the groups, one run each
    sized: bool  # whether a group says how many workers of which type its run has
    leave_outcome: bool  # whether each run writes its outcome under runs/


@dataclass(frozen=True, kw_only=True)
class Comparing:
    """A build of the same project that compares the marts with an old system."""

    buildspec: str
    work_group: str  # of Athena


@dataclass(frozen=True, kw_only=True)
class Definition:
    """What the states act on."""

    bucket: s3.IBucket
    runs: Runs
    partition: str
    project: codebuild.IProject
    build_timeout: Duration  # above the project's own
    topic: sns.ITopic
    lakehouse: str  # begins the alert's subject
    max_concurrency: int  # Glue runs at once in one execution
    comparing: Comparing | None = None

    def chain(self, scope: Construct) -> sfn.IChainable:
        """Make the states under ``scope``."""
        plan = sfn.Pass.jsonata(
            scope,
            "Plan",
            assign={"plan": query(plan_expression(self.runs.objects, sized=self.runs.sized))},
        )
        refused = sfn.Choice.jsonata(scope, "Refused?")
        collect = sfn.Pass.jsonata(
            scope,
            "Collect",
            assign={
                "extraction": query(_outcomes.EXTRACTION),
                "asked": 0,
                "build": query(_outcomes.NOT_STARTED),
                **({"comparison": query(_outcomes.NOT_STARTED)} if self.comparing else {}),
            },
        )
        to_build = sfn.Choice.jsonata(scope, "ToBuild?")
        notify = self._notify(scope)
        judge = self._judge(scope, failed=notify)
        # A schedule may carry a group that was renamed: nobody would look at its executions.
        not_started = sfn.Pass.jsonata(
            scope, "NotStarted", assign={"verdict": query(_outcomes.REFUSAL)}
        )
        refused.when(
            sfn.Condition.jsonata(query("$exists($plan.error)")), not_started.next(notify)
        ).otherwise(self._each_group(scope).next(collect).next(to_build))
        to_build.when(
            sfn.Condition.jsonata(query(_outcomes.TO_BUILD)),
            self._build(scope, then=self._compared(scope, then=judge) or judge),
        ).otherwise(judge)
        return plan.next(refused)

    def _each_group(self, scope: Construct) -> sfn.Map:
        each = sfn.Map.jsonata(
            scope,
            "EachGroup",
            comment="One Glue run for each group; no failure ends the others",
            items=sfn.ProvideItems.jsonata(query("$plan.items")),
            max_concurrency=self.max_concurrency,
        )
        told = self._read_outcome(scope) if self.runs.leave_outcome else self._run_ended(scope)
        return each.item_processor(self._extract(scope, then=told).next(told))

    def _read_outcome(self, scope: Construct) -> sfn.TaskStateBase:
        read = self._read(
            scope,
            "ReadOutcome",
            key=f"'{RUNS_PREFIX}' & {_EXECUTION} & '/_' & $states.input.item.group & '.json'",
            outputs=_outcomes.GROUP,
        )
        read.add_catch(
            sfn.Pass.jsonata(scope, "NoOutcome"),
            errors=_EVERYTHING,
            outputs=query(_outcomes.GROUP_WITHOUT_OUTCOME),
        )
        return read

    def _run_ended(self, scope: Construct) -> sfn.Pass:
        return sfn.Pass.jsonata(scope, "RunEnded", outputs=query(_outcomes.GROUP_BY_ITS_END))

    def _extract(self, scope: Construct, *, then: sfn.State) -> sfn.CustomState:
        # GlueStartJobRun drops the state's TimeoutSeconds and takes no expression for
        # numbers, so the state is written out; Pipeline grants what it needs. Of a catch
        # added by add_catch a CustomState would drop the Output.
        item = "$states.input"
        longest = max(group.timeout_minutes for group in self.runs.objects.groups)
        size = {
            "WorkerType": query(f"{item}.worker_type"),
            "NumberOfWorkers": query(f"{item}.workers"),
        }
        extract = sfn.CustomState(
            scope,
            "Extract",
            state_json={
                "Type": "Task",
                "Resource": f"arn:{self.partition}:states:::glue:startJobRun.sync",
                "TimeoutSeconds": Duration.minutes(longest).plus(_START_UP).to_seconds(),
                "Arguments": {
                    "JobName": self.runs.job_name,
                    **(size if self.runs.sized else {}),
                    "Timeout": query(f"{item}.timeout_minutes"),
                    "Arguments": {
                        Argument.EXECUTION_NAME.flag: query(_EXECUTION),
                        Argument.GROUP.flag: query(f"{item}.group"),
                        Argument.OBJECTS.flag: query(f"{item}.objects"),
                        Argument.MODE.flag: query("$plan.mode"),
                        Argument.SINCE.flag: query("$plan.since"),
                        Argument.UNTIL.flag: query("$plan.until"),
                    },
                },
                "Output": {"item": query(item)},
                "Catch": [
                    {
                        "ErrorEquals": _EVERYTHING,
                        "Output": {"item": query(item), "error": query(_outcomes.JOB_ERROR)},
                        "Next": then.state_id,
                    }
                ],
            },
        )
        # A run that failed is not started again: what failed on its data fails again.
        extract.add_retry(
            errors=[
                "Glue.ConcurrentRunsExceededException",
                "Glue.ResourceNumberLimitExceededException",
                "Glue.ThrottlingException",
                "Glue.InternalServiceException",
                "Glue.OperationTimeoutException",
            ],
            interval=Duration.seconds(10),
            backoff_rate=2,
            max_delay=Duration.minutes(2),
            max_attempts=60,
            jitter_strategy=sfn.JitterType.FULL,
        )
        return extract

    def _build(self, scope: Construct, *, then: sfn.IChainable) -> sfn.IChainable:
        build = tasks.CodeBuildStartBuild.jsonata(
            scope,
            "Build",
            project=self.project,
            integration_pattern=sfn.IntegrationPattern.RUN_JOB,
            task_timeout=sfn.Timeout.duration(self.build_timeout),
            environment_variables_override={
                BuildVariable.EXECUTION_NAME: _variable(_EXECUTION),
                BuildVariable.FAILED_OBJECTS: _variable(_outcomes.FAILED_OBJECTS),
                BuildVariable.FULL_REFRESH: _variable("$string($plan.full_refresh)"),
                BuildVariable.MODELS: _variable("$plan.models"),
            },
            outputs={},
        )
        read = self._read(
            scope,
            "ReadBuildOutcome",
            key=f"'{RUNS_PREFIX}' & {_EXECUTION} & '/_dbt.json'",
            assign={"build": query(_outcomes.BUILD_READ)},
        )
        _turn.wait(scope, build, given_up=read)
        build.add_catch(read, errors=_EVERYTHING, outputs={"error": query(_outcomes.BUILD_ERROR)})
        read.add_catch(then, errors=_EVERYTHING, assign={"build": query(_outcomes.BUILD_UNREAD)})
        return build.next(read).next(then)

    def _compared(self, scope: Construct, *, then: sfn.IChainable) -> sfn.Choice | None:
        """The comparison, after a build that succeeded; None where there is none."""
        if self.comparing is None:
            return None
        read = self._read(
            scope,
            "ReadComparison",
            key=f"'{RUNS_PREFIX}' & {_EXECUTION} & '/_comparison.json'",
            assign={"comparison": query(_outcomes.BUILD_READ)},
        )
        unread = {"comparison": query(_outcomes.BUILD_UNREAD)}
        read.add_catch(then, errors=_EVERYTHING, assign=unread)
        tell = tasks.SnsPublish.jsonata(
            scope,
            "TellOfTurn",
            topic=self.topic,
            subject=f"{self.lakehouse}: the comparison fails now",
            message=sfn.TaskInput.from_text(query(_outcomes.TURN)),
        )
        tell.add_catch(then, errors=_EVERYTHING)
        turned = sfn.Choice.jsonata(scope, "Turned?")
        turned.when(
            sfn.Condition.jsonata(query("$comparison.turned = true")), tell.next(then)
        ).otherwise(then)
        choice = sfn.Choice.jsonata(scope, "Built?")
        choice.when(
            sfn.Condition.jsonata(query('$build.status = "succeeded"')),
            self._compare(scope, self.comparing, then=read).next(read).next(turned),
        ).otherwise(then)
        return choice

    def _compare(
        self, scope: Construct, comparing: Comparing, *, then: sfn.State
    ) -> sfn.CustomState:
        # CodeBuildStartBuild overrides no buildspec; what it would grant, the Build state has.
        variables = {
            BuildVariable.EXECUTION_NAME: query(_EXECUTION),
            BuildVariable.STATE_MACHINE_ARN: query("$states.context.StateMachine.Id"),
            BuildVariable.WORK_GROUP: comparing.work_group,
        }
        compare = sfn.CustomState(
            scope,
            "Compare",
            state_json={
                "Type": "Task",
                "Resource": f"arn:{self.partition}:states:::codebuild:startBuild.sync",
                "TimeoutSeconds": self.build_timeout.to_seconds(),
                "Arguments": {
                    "ProjectName": self.project.project_name,
                    "BuildspecOverride": comparing.buildspec,
                    "EnvironmentVariablesOverride": [
                        {"Name": str(name), "Type": "PLAINTEXT", "Value": value}
                        for name, value in variables.items()
                    ],
                },
                "Output": {},
                "Catch": [
                    {
                        "ErrorEquals": _EVERYTHING,
                        "Output": {"error": query(_outcomes.BUILD_ERROR)},
                        "Next": then.state_id,
                    }
                ],
            },
        )
        # The build before it ran, so CodeBuild lets builds run here: another one's end will do.
        compare.add_retry(**_turn.RETRY)
        return compare

    def _judge(self, scope: Construct, *, failed: sfn.IChainable) -> sfn.IChainable:
        verdict = _outcomes.VERDICT if self.comparing is None else _outcomes.VERDICT_COMPARED
        judge = sfn.Pass.jsonata(scope, "Judge", assign={"verdict": query(verdict)})
        succeeded = sfn.Succeed.jsonata(scope, "Succeeded", outputs=query("$verdict.summary"))
        healthy = sfn.Choice.jsonata(scope, "Healthy?")
        healthy.when(sfn.Condition.jsonata(query("$exists($verdict.error)")), failed)
        healthy.otherwise(succeeded)
        return judge.next(healthy)

    def _notify(self, scope: Construct) -> sfn.IChainable:
        """One message, then the end."""
        failed = sfn.Fail.jsonata(
            scope, "Failed", error=query("$verdict.error"), cause=query("$verdict.cause")
        )
        notify = tasks.SnsPublish.jsonata(
            scope,
            "Notify",
            topic=self.topic,
            subject=query(f"'{self.lakehouse}: ' & $verdict.error"),
            message=sfn.TaskInput.from_text(
                query("$verdict.cause & '\\n\\nExecution: ' & $states.context.Execution.Id")
            ),
        )
        notify.add_catch(failed, errors=_EVERYTHING)
        notify.next(failed)
        return notify

    def _read(
        self,
        scope: Construct,
        id: str,
        *,
        key: str,
        outputs: str | None = None,
        assign: dict[str, str] | None = None,
    ) -> tasks.CallAwsService:
        """Read one object under ``runs/``; ``key`` is an expression."""
        read = tasks.CallAwsService.jsonata(
            scope,
            id,
            service="s3",
            action="getObject",
            iam_action="s3:GetObject",
            iam_resources=[self.bucket.arn_for_objects(f"{RUNS_PREFIX}*")],
            parameters={"Bucket": self.bucket.bucket_name, "Key": query(key)},
            outputs=None if outputs is None else query(outputs),
            assign=assign,
        )
        read.add_retry(errors=["S3.SdkClientException"], max_attempts=3)
        return read


def _variable(expression: str) -> codebuild.BuildEnvironmentVariable:
    return codebuild.BuildEnvironmentVariable(value=query(expression))
