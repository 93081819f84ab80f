"""English and snake_case for API names. By rule, never by label: labels are translated."""

import re
from typing import Final

_ACRONYM_END: Final = re.compile(r"([A-Z]+)([A-Z][a-z])")
_HUMP: Final = re.compile(r"([a-z0-9])([A-Z])")
# Salesforce numbered what replaced an object of the same name.
_RENAMED: Final = {"Product2": "Product", "Pricebook2": "Pricebook"}
# What an object's suffix says of its records. __c says nothing: it is left out.
_KINDS: Final = {
    "c": "",
    "mdt": "metadata_record",
    "x": "external_record",
    "b": "big_record",
    "kav": "article_version",
    "history": "history",
    "share": "share",
    "feed": "feed_item",
    "tag": "tag",
}


def snake(name: str) -> str:
    """``OpportunityLineItem`` and ``Opportunity_Line__Item`` in lower case with underscores."""
    humps = _HUMP.sub(r"\1_\2", _ACRONYM_END.sub(r"\1_\2", name))
    return re.sub(r"[^a-z0-9]+", "_", humps.lower()).strip("_")


def entity(object_name: str) -> str:
    """One record of an object, in snake_case: ``ns__Thing__c`` gives ``ns_thing``."""
    stem, suffix = suffixed(object_name)
    kind = _KINDS.get(suffix.lower(), snake(suffix))
    return "_".join(word for word in (snake(_RENAMED.get(stem, stem)), kind) if word)


def suffixed(name: str) -> tuple[str, str]:
    """An API name without its suffix, and the suffix: ``("ns__Thing", "c")``."""
    stem, mark, suffix = name.rpartition("__")
    return (stem, suffix) if mark and stem else (name, "")


def plural(noun: str) -> str:
    """The plural, always in ``s``: names that are one already stay (``sales_targets``)."""
    if re.search(r"[^aeiou]y$", noun):
        return f"{noun[:-1]}ies"
    if noun.endswith("sis"):
        return f"{noun[:-2]}es"
    if re.search(r"(ss|us|is|x|z|ch|sh)$", noun):
        return f"{noun}es"
    return noun if noun.endswith("s") else f"{noun}s"
