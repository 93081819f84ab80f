"""How alike the names of two systems are: ``sf_account`` and ``dim_account``, and their columns."""

import re
from typing import Final

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_LAYERS: Final = {
    *("sf", "sfdc", "salesforce", "raw", "src", "stg", "staging", "ods", "dwh"),
    *("dim", "fct", "fact", "rpt", "report", "tbl", "mart", "t"),
}
_TIMES: Final = ("timestamp", "datetime", "date", "time", "at", "on", "ts")
_FLAGS: Final = ("is", "has")


def words(name: str) -> list[str]:
    """The words of a name, lower case, without Salesforce's ``__c``."""
    bare = re.sub(r"__[a-z]$", "", name, flags=re.IGNORECASE)
    return [word.lower() for word in _WORD.findall(bare)]


def entity(table: str) -> str:
    """What a table is of: its name without layer words, in the singular."""
    found = [word for word in words(table) if word not in _LAYERS] or words(table)
    return "_".join([*found[:-1], _singular(found[-1])]) if found else table.lower()


def table_likeness(old: str, new: str) -> tuple[float, str]:
    """From 0 to 1, with the reason."""
    one, other = entity(old), entity(new)
    if one.replace("_", "") == other.replace("_", ""):
        return 1.0, f"both are of {other}"
    shared = set(one.split("_")) & set(other.split("_"))
    if shared:
        return 0.5, f"both names say {', '.join(sorted(shared))}"
    return 0.0, "the names share no word"


def column_likeness(old: str, new: str, of: str) -> tuple[float, str]:
    """From 0 to 1, with the reason. ``of``: the entity, which a new name may begin with."""
    one, other = "".join(words(old)), "".join(words(new))
    if one == other:
        return 1.0, "the same name"
    prefix = of.replace("_", "")
    if other.removeprefix(prefix) == one or one.removeprefix(prefix) == other:
        return 0.95, f"the same name but for {of}"
    if _timeless(one) == _timeless(other):
        return 0.9, "the same name but for how times are called"
    if _flagless(words(old)) == _flagless(words(new)):
        return 0.9, "the same name but for is and has"
    first, second = set(words(old)), set(words(new)) - set(of.split("_"))
    both = [word for word in second if word in one] if len(first) == 1 else list(first & second)
    if both and len(both) == len(second):
        return 0.6, f"both names say {', '.join(sorted(both))}"
    return 0.0, "the names differ"


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _timeless(name: str) -> str:
    for ending in _TIMES:
        if name.endswith(ending) and len(name) > len(ending) + 2:
            return name.removesuffix(ending)
    return name


def _flagless(found: list[str]) -> str:
    return "".join(found[1:] if found[:1] and found[0] in _FLAGS else found)
