"""What a CloudFormation template's values refer to; for the local AWS and the tools."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

_IN_TEXT: Final = re.compile(r"\$\{([^!}.]+)[^}]*\}")


def unresolved(resources: Mapping[str, Any], known: Mapping[str, Any]) -> list[str]:
    """Names that some resources refer to and that are neither theirs nor ``known``, sorted."""
    found = set(_named(resources)) - {*resources, *known}
    return sorted(name for name in found if not name.startswith("AWS::"))


def _named(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _named(item)
    if not isinstance(value, Mapping):
        return
    for key, item in value.items():
        if key == "Ref":
            yield str(item)
        elif key == "Fn::GetAtt":
            yield item[0] if isinstance(item, list) else str(item).partition(".")[0]
        elif key == "Fn::Sub":
            text, given = item if isinstance(item, list) else (item, {})
            yield from (name for name in _IN_TEXT.findall(text) if name not in given)
            yield from _named(given)
        else:
            yield from _named(item)
