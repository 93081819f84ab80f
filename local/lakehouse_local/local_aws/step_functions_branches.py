"""Map (inline) and Parallel: flows side by side; the first failure ends the others.

docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html, state-parallel.html:
an uncaught error in one iteration or branch fails the state, and Step Functions stops
the others, the jobs behind their ``.sync`` tasks too. ministack lets them go on, and
ignores Arguments, Output and Assign of a Parallel.
"""

import contextvars
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, Final

from lakehouse_local.local_aws import step_functions_jsonata as jsonata
from lakehouse_local.local_aws.step_functions_data import (
    arguments_of,
    next_of,
    number_of,
    output_of,
)
from lakehouse_local.local_aws.step_functions_errors import StoppedError
from lakehouse_local.local_aws.step_functions_flow import Flow, State
from lakehouse_local.local_aws.step_functions_retry import Outcome, with_retry_and_catch
from lakehouse_local.local_aws.step_functions_scope import Scope
from lakehouse_local.local_aws.step_functions_states import run

# "up to 40 concurrent iterations", whatever MaxConcurrency says.
INLINE_LIMIT: Final = 40


def parallel(flow: Flow, state: State, data: Any) -> Outcome:
    """The branches' outputs as an array, in their order."""

    def attempt(state: State) -> Outcome:
        branches = state.definition["Branches"]
        given = arguments_of(flow, state, data)
        flow.event("ParallelStateStarted")

        def branch(scope: Scope, index: int) -> Any:
            return run(flow.branch(scope), branches[index], given)

        results = _together(flow, "Parallel", branch, len(branches), len(branches))
        flow.event("ParallelStateSucceeded")
        return output_of(flow, state, data, result=results), next_of(state)

    return with_retry_and_catch(flow, state, data, attempt)


def map_state(flow: Flow, state: State, data: Any) -> Outcome:
    """The iterations' outputs as an array, in the order of the items."""

    def attempt(state: State) -> Outcome:
        items = _items(flow, state, data)
        limit = int(number_of(flow, state, data, "MaxConcurrency") or 0)
        processor = state.definition["ItemProcessor"]
        flow.event("MapStateStarted", mapStateStartedEventDetails={"length": len(items)})

        def iteration(scope: Scope, index: int) -> Any:
            scope.check()  # one that never began leaves no events
            inner = flow.branch(scope, map_item={"Index": index, "Value": items[index]})
            details = {"name": state.name, "index": index}
            inner.event("MapIterationStarted", mapIterationStartedEventDetails=details)
            try:
                result = run(inner, processor, _item_input(inner, state, data, items[index]))
            except StoppedError:
                inner.event("MapIterationAborted", mapIterationAbortedEventDetails=details)
                raise
            except Exception:
                inner.event("MapIterationFailed", mapIterationFailedEventDetails=details)
                raise
            inner.event("MapIterationSucceeded", mapIterationSucceededEventDetails=details)
            return result

        at_once = min(limit or INLINE_LIMIT, INLINE_LIMIT)
        results = _together(flow, "Map", iteration, len(items), at_once)
        flow.event("MapStateSucceeded")
        return output_of(flow, state, data, result=results), next_of(state)

    return with_retry_and_catch(flow, state, data, attempt)


def _items(flow: Flow, state: State, data: Any) -> list[Any]:
    template = state.definition.get("Items", "{% $states.input %}")
    return jsonata.typed(template, flow.bindings(state, data), field="Items", kind="array")


def _item_input(flow: Flow, state: State, data: Any, item: Any) -> Any:
    selector = state.definition.get("ItemSelector")
    if selector is None:
        return item
    return jsonata.render(selector, flow.bindings(state, data), field="ItemSelector")


def _together(
    flow: Flow, kind: str, work: Callable[[Scope, int], Any], count: int, at_once: int
) -> Sequence[Any]:
    """The results of ``work`` for 0 … count-1. The first error ends the rest and is raised."""
    if count == 0:
        return []
    with flow.scope.child() as scope, ThreadPoolExecutor(max_workers=at_once) as pool:
        # A thread does not inherit the account and region of the request.
        futures: list[Future[Any]] = [
            pool.submit(contextvars.copy_context().run, work, scope, index)
            for index in range(count)
        ]
        left, first = set(futures), None
        while left:
            done, left = wait(left, return_when=FIRST_COMPLETED)
            for future in done:
                error = future.exception()
                if error is None:
                    continue
                if first is None or isinstance(first, StoppedError):
                    first = error
                scope.cancel()
        if first is not None:
            if not isinstance(first, StoppedError):
                flow.event(f"{kind}StateFailed")
            flow.scope.check()
            raise first
        return [future.result() for future in futures]
