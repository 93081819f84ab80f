"""Retry and Catch of Task, Map and Parallel.

docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html. ministack
ignores MaxDelaySeconds and JitterStrategy, caps every wait at 60 s, lets States.ALL take
States.Runtime, and goes on retrying an execution that was stopped.
"""

import random
from collections.abc import Callable
from typing import Any

from lakehouse_local.local_aws import step_functions_jsonata as jsonata
from lakehouse_local.local_aws.step_functions_errors import RUNTIME, StatesError, matches
from lakehouse_local.local_aws.step_functions_flow import Definition, Flow, State, retried

# An attempt gives the state's output and the name of the next state (None: the end).
Outcome = tuple[Any, str | None]


def with_retry_and_catch(
    flow: Flow, state: State, data: Any, attempt: Callable[[State], Outcome]
) -> Outcome:
    """Run an attempt until it succeeds, no Retry takes its error, or a Catch does."""
    counts: dict[int, int] = {}
    while True:
        try:
            return attempt(state)
        except StatesError as error:
            wait = seconds_before_retry(state.definition, error.error, counts)
            if wait is not None:
                flow.scope.sleep(wait)
                state = retried(state)
                continue
            for catcher in state.definition.get("Catch", []):
                if matches(catcher["ErrorEquals"], error.error):
                    return _caught(flow, state, data, catcher, error)
            raise


def seconds_before_retry(
    definition: Definition, error: str, counts: dict[int, int]
) -> float | None:
    """How long to wait before the next attempt; None where there is none.

    The first retrier that takes the error decides, and counts for itself: ``counts`` has the
    attempts by the place of their retrier, and gets this one.
    """
    if error == RUNTIME:
        return None
    for index, retrier in enumerate(definition.get("Retry", [])):
        if not matches(retrier["ErrorEquals"], error):
            continue
        done = counts.get(index, 0)
        if done >= retrier.get("MaxAttempts", 3):
            return None
        counts[index] = done + 1
        wait = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** done
        wait = min(wait, retrier.get("MaxDelaySeconds", wait))
        if retrier.get("JitterStrategy") == "FULL":
            wait = random.uniform(0, wait)  # noqa: S311 - spreads retries, no secret
        return wait
    return None


def _caught(
    flow: Flow, state: State, data: Any, catcher: Definition, error: StatesError
) -> Outcome:
    caught = {"Error": error.error, "Cause": error.cause}
    bindings = flow.bindings(state, data, error=caught)
    output = caught
    if "Output" in catcher:
        output = jsonata.render(catcher["Output"], bindings, field="Catch/Output")
    flow.assign(jsonata.render(catcher.get("Assign", {}), bindings, field="Catch/Assign"))
    return output, catcher["Next"]
