"""One build at a time: how an execution waits until CodeBuild takes its build.

CodeBuild refuses a build under one name for three reasons: the project's one build runs, the
account's other builds are as many as it may have, or the account may have none. The first two
pass, the third never does, and only the text tells them apart. A Retry knows names alone, so
the waiting is written out.
"""

from typing import Any, Final

from aws_cdk import Duration
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from lakehouse_constructs import _outcomes
from lakehouse_constructs._jsonata import query

LIMIT: Final = "CodeBuild.AccountLimitExceededException"
_LONGEST: Final = Duration.minutes(5)  # between two attempts
_ATTEMPTS: Final = 100  # about eight hours

# Of a state whose build is refused only while others run.
RETRY: Final[dict[str, Any]] = {
    "errors": [LIMIT],
    "interval": Duration.seconds(20),
    "backoff_rate": 1.5,
    "max_delay": _LONGEST,
    "max_attempts": _ATTEMPTS,
}


def wait(scope: Construct, build: sfn.TaskStateBase, *, given_up: sfn.IChainable) -> None:
    """Let a state that starts a build wait for its turn.

    Joining the build under way would not do: it may have read its sources already. The
    variable ``asked`` counts the attempts and has to be 0 before the first. ``given_up`` gets
    ``{"error"}``, as any failure of the build does. Call it before a catch of everything.
    """
    may_wait = sfn.Choice.jsonata(scope, "MayWait?")
    waiting = sfn.Wait.jsonata(
        scope,
        "WaitForTurn",
        time=sfn.WaitTime.seconds(
            query(f"$min([{_LONGEST.to_seconds():.0f}, 20 * $asked])"),
        ),
    )
    build.add_catch(
        may_wait,
        errors=[LIMIT],
        outputs={"error": query(_outcomes.BUILD_ERROR)},
        assign={"asked": query("$asked + 1")},
    )
    never = f"$asked > {_ATTEMPTS} or $contains($states.input.error, {_outcomes.NONE_ALLOWED})"
    may_wait.when(sfn.Condition.jsonata(query(never)), given_up)
    may_wait.otherwise(waiting.next(build))
