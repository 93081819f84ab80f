"""Put a review together: every stack of two assemblies."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from lakehouse_tools.errors import RequestError
from lakehouse_tools.review.assembly import Assembly, Template
from lakehouse_tools.review.assets import changed_assets
from lakehouse_tools.review.cdk_diff import cdk_diff
from lakehouse_tools.review.permissions import changes
from lakehouse_tools.review.report import StackReview
from lakehouse_tools.review.stateful import losses

_NOTHING = Template({})


def review(
    base: Assembly,
    head: Assembly,
    *,
    stacks: Iterable[str],
    allowed: Iterable[str],
    node_modules: Path,
    environ: Mapping[str, str],
) -> list[StackReview]:
    """One review for each stack; all of both assemblies where none is named."""
    known = sorted({*base.stacks, *head.stacks})
    wanted = list(stacks) or known
    for stack in wanted:
        if stack not in known:
            raise RequestError(f"stack {stack} is in neither assembly; allowed: {', '.join(known)}")
    reviews = [
        _stack(stack, base, head, frozenset(allowed), node_modules, environ) for stack in wanted
    ]
    lost = {loss.logical_id for one in reviews for loss in one.losses}
    for name in sorted(set(allowed) - lost):
        raise RequestError(
            f"--allow {name}: nothing of that logical id is removed, replaced or unprotected; "
            f"what is: {', '.join(sorted(lost)) or 'nothing'}"
        )
    return reviews


def _settings(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    return [
        f"{name}: {before.get(name, 'not set')} → {after.get(name, 'not set')}"
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]


def _stack(
    stack: str,
    base: Assembly,
    head: Assembly,
    allowed: frozenset[str],
    node_modules: Path,
    environ: Mapping[str, str],
) -> StackReview:
    before, after = base.stacks.get(stack, _NOTHING), head.stacks.get(stack, _NOTHING)
    added, removed = changes(before, after)
    both = stack in base.stacks and stack in head.stacks
    return StackReview(
        stack=stack,
        losses=list(losses(before, after)),
        allowed=allowed,
        added=added,
        removed=removed,
        assets=list(changed_assets(base, head, stack)) if both and base.knows_assets(stack) else [],
        diff=cdk_diff(base, head, stack, node_modules=node_modules, environ=environ)
        if both
        else "",
        settings=_settings(base.settings(stack), head.settings(stack)) if both else [],
        is_new=stack not in base.stacks,
        is_gone=stack not in head.stacks,
    )
