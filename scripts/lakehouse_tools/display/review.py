"""A review as the person who is about to deploy reads it: losses and rights, then CDK's diff."""

from collections.abc import Iterator

from lakehouse_tools.review.permissions import Rights
from lakehouse_tools.review.report import StackReview, wide


def lines(review: StackReview) -> Iterator[str]:
    """One line for each thing; ``!`` marks what reaches far, or would be lost."""
    if review.is_new:
        yield f"{review.stack} is new: nothing is there yet to be changed"
        return
    if review.is_empty:
        yield f"{review.stack}: no change to what is deployed"
        return
    yield f"{review.stack} would change:"
    for loss in review.losses:
        agreed = "" if loss.logical_id in review.allowed else f" (--allow {loss.logical_id})"
        would = f"would be {loss.what}: {loss.why}"
        yield f"! {loss.name} ({loss.type}) {would}; the old one {loss.fate}{agreed}"
    yield from (f"  ~ {change}" for change in review.settings)
    yield from _rights("+", review.added)
    yield from _rights("-", review.removed)
    if review.diff:
        yield "CDK's diff:"
        yield from (f"  {line}" for line in review.diff.splitlines() if line.strip())


def _rights(sign: str, rights: Rights) -> Iterator[str]:
    for right, actions in sorted(rights.items(), key=lambda item: (not wide(*item), item[0])):
        mark = "!" if wide(right, actions) else " "
        where = f" on {right.resource}" if right.resource else ""
        whom = f" to {right.principal}" if right.principal else ""
        when = f" if {right.condition}" if right.condition else ""
        acts = ", ".join(sorted(actions))
        yield f"{mark} {sign} {right.effect} {right.who}{whom}: {acts}{where}{when}"
