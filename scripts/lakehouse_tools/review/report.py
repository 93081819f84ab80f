"""The review as Markdown, the most dangerous first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lakehouse_tools.markdown import cell
from lakehouse_tools.review.assets import AssetChange
from lakehouse_tools.review.permissions import LAKE_FORMATION_ANYBODY, Right, Rights
from lakehouse_tools.review.stateful import Loss

MOST_FILES = 40  # of one asset


@dataclass(frozen=True, kw_only=True)
class StackReview:
    """What a change does to one stack."""

    stack: str
    losses: Sequence[Loss]
    allowed: frozenset[str]  # logical ids that a person has agreed to lose
    added: Rights
    removed: Rights
    assets: Sequence[AssetChange]
    diff: str  # CDK's own
    settings: Sequence[str] = ()  # changes of the stack's own, of which no template tells
    is_new: bool = False
    is_gone: bool = False

    @property
    def refused(self) -> list[Loss]:
        """Losses that nobody has agreed to."""
        return [loss for loss in self.losses if loss.logical_id not in self.allowed]

    @property
    def is_empty(self) -> bool:
        """Whether templates, assets and the stacks' own settings are the same."""
        changed = self.losses or self.added or self.removed or self.assets or self.settings
        return not (changed or self.is_new or self.is_gone) and "no differences" in self.diff


def markdown(reviews: Sequence[StackReview]) -> str:
    """The whole page."""
    return "\n".join(line for review in reviews for line in _stack(review)) + "\n"


def _stack(review: StackReview) -> Iterator[str]:
    yield f"## {review.stack}"
    yield ""
    if review.is_empty:
        yield "No change."
        yield ""
        return
    if review.is_new:
        yield "A new stack: nothing is there yet to be changed."
        yield ""
    if review.is_gone:
        yield "The stack is no longer in the app; its deployment stays until it is destroyed."
        yield ""
    yield from _losses(review)
    yield from _settings(review.settings)
    yield from _rights("Permissions added", review.added)
    yield from _rights("Permissions removed", review.removed)
    yield from _assets(review.assets)
    if review.diff:
        yield "<details><summary>CDK's diff</summary>"
        yield ""
        yield "```text"
        yield review.diff.replace("```", "'''")
        yield "```"
        yield ""
        yield "</details>"
        yield ""


def _losses(review: StackReview) -> Iterator[str]:
    if not review.losses:
        return
    head = "Stateful resources removed, replaced or no longer protected"
    yield f"### {'⛔ ' if review.refused else ''}{head}"
    yield ""
    yield "| resource | what | why | the old one | agreed |"
    yield "|---|---|---|---|---|"
    for loss in review.losses:
        agreed = "yes" if loss.logical_id in review.allowed else f"`--allow {loss.logical_id}`"
        cells = [f"{loss.name} ({loss.type})", loss.what, cell(loss.why), loss.fate, agreed]
        yield f"| {' | '.join(cells)} |"
    yield ""


def _settings(changes: Sequence[str]) -> Iterator[str]:
    if not changes:
        return
    yield "### The stack itself"
    yield ""
    yield from (f"- {cell(change)}" for change in changes)
    yield ""


def _rights(title: str, rights: Rights) -> Iterator[str]:
    if not rights:
        return
    yield f"### {title}"
    yield ""
    yield "| who | effect | actions | on | principal | condition |"
    yield "|---|---|---|---|---|---|"
    for right, actions in sorted(rights.items(), key=lambda item: (not wide(*item), item[0])):
        mark = "⚠ " if wide(right, actions) else ""
        cells = [
            mark + right.who,
            right.effect,
            ", ".join(sorted(actions)),
            right.resource,
            right.principal,
            right.condition,
        ]
        yield f"| {' | '.join(_code(cell) for cell in cells)} |"
    yield ""


def wide(right: Right, actions: set[str]) -> bool:
    """Whether an Allow reaches further than one thing: any action, any resource, anybody."""
    anybody = right.principal.removeprefix("AWS ") == "*"
    anybody |= right.who == LAKE_FORMATION_ANYBODY
    everything = right.resource == "*" or any(a == "*" or a.endswith(":*") for a in actions)
    return right.effect == "Allow" and (anybody or everything)


def _assets(assets: Sequence[AssetChange]) -> Iterator[str]:
    if not assets:
        return
    yield "### Assets"
    yield ""
    for asset in assets:
        files = len(asset.files)
        yield f"- **{asset.name}**: {files} file{'' if files == 1 else 's'}"
        yield from (f"    - `{file}`" for file in asset.files[:MOST_FILES])
        if files > MOST_FILES:
            yield f"    - and {files - MOST_FILES} more"
    yield ""


def _code(text: str) -> str:
    if not text or text in ("Allow", "Deny"):
        return text
    mark = "⚠ " if text.startswith("⚠ ") else ""
    return f"{mark}`{cell(text.removeprefix('⚠ '))}`"
