"""The proposed ``salesforce_objects.json``. Keys that begin with ``//`` are comments."""

import json
from collections.abc import Sequence
from typing import Any, Final

from lakehouse_tools.discover import kinds
from lakehouse_tools.discover.findings import Census, ObjectFinding

# An e-mail address or a phone number still joins and counts when it is hashed; of the rest
# nothing is left that an analysis could use.
_HASHED: Final = ("an e-mail address", "a phone number")
_NAMED: Final = 30  # objects named in a comment


def grouped(census: Census) -> dict[str, list[ObjectFinding]]:
    """The proposed objects by group, in the order of the file."""
    groups: dict[str, list[ObjectFinding]] = {}
    for name in (*kinds.STANDARD, kinds.OTHERS):
        found = [o for o in census.proposed if kinds.group_of(o.name) == name]
        if found:
            groups[name] = found
    return groups


def config(census: Census, *, api_version: str) -> dict[str, Any]:
    """The file's content."""
    groups = grouped(census)
    return {
        "//": (
            f"Proposed by lakehouse discover for {census.instance_url} (org {census.org_id}). Keys"
            " that begin with // are comments: remove the slashes of the rules that you want."
        ),
        "//left out": _left_out(census),
        "api_version": api_version,
        "defaults": {
            "lookback_minutes": 10,
            "margin_seconds": 60,
            "fields": {"exclude": [], "hash": []},
        },
        "groups": {name: {"include": [o.name for o in found]} for name, found in groups.items()},
        "objects": {
            o.name: rules for found in groups.values() for o in found if (rules := _rules(o))
        },
    }


def text(census: Census, *, api_version: str) -> str:
    """The file."""
    return json.dumps(config(census, api_version=api_version), indent=2, ensure_ascii=False) + "\n"


def _rules(found: ObjectFinding) -> dict[str, Any]:
    rules: dict[str, Any] = {}
    if found.personal:
        # Id, SystemModstamp and IsDeleted look like nothing personal, so any may be named here.
        hashed = [f.name for f in found.personal if (f.personal or "").startswith(_HASHED)]
        exclude = [f.name for f in found.personal if f.name not in hashed]
        rules["//why"] = {f.name: f.personal for f in found.personal}
        rules["//fields"] = {"exclude": exclude, "hash": hashed}
    if found.formulas:
        rules["//formulas"] = (
            "their values change without moving SystemModstamp: as of each record's last change"
            f" only: {', '.join(found.formulas)}"
        )
    if found.hidden:
        rules["//hidden"] = f"not visible to the user: {', '.join(found.hidden)}"
    return rules


def _left_out(census: Census) -> dict[str, str]:
    reasons: dict[str, list[str]] = {}
    for found in census.objects:
        if found.folded:
            reasons.setdefault(found.folded, []).append(found.name)
    return {reason: _few(names) for reason, names in sorted(reasons.items())}


def _few(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    return shown if len(names) <= _NAMED else f"{shown} and {len(names) - _NAMED} more"
