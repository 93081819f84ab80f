"""Fields that look personal, by their type and by the words in their name and label.

A guess, and said to be one: a field's name promises nothing. Whole words are compared
("Sexton" is no sex), in the languages that orgs' field names are mostly written in.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

_TYPES: Final = {
    "email": "an e-mail address",
    "phone": "a phone number",
    "encryptedstring": "encrypted in Salesforce",
}
# Objects whose name is a person's.
_PEOPLE: Final = frozenset({"Contact", "Lead", "User", "Individual"})
_WORDS: Final = {
    "a date of birth": {"birth", "birthdate", "birthday", "dob", "geburtsdatum", "naissance"},
    "an identity number": {"ssn", "passport", "iban", "nino", "steuernummer", "aadhaar", "curp"},
    "a phone number": {"phone", "mobile", "fax", "telefon", "telephone", "handy"},
    "an e-mail address": {"email", "mail"},
    "a person's name": {"firstname", "lastname", "middlename", "maiden", "nachname", "vorname"},
    "about a person's life": {
        "gender", "sex", "religion", "ethnicity", "race", "nationality", "marital", "disability",
        "health", "diagnosis", "salary", "income", "geschlecht", "gehalt",
    },
    "where somebody is": {"ipaddress", "latitude", "longitude", "geolocation"},
    "an account of a person": {"twitter", "linkedin", "facebook", "instagram", "skype"},
}  # fmt: skip
# Two words that only together mean something.
_PAIRS: Final = {
    ("social", "security"): "an identity number",
    ("tax", "id"): "an identity number",
    ("bank", "account"): "an identity number",
    ("credit", "card"): "an identity number",
    ("driver", "license"): "an identity number",
    ("first", "name"): "a person's name",
    ("last", "name"): "a person's name",
    ("middle", "name"): "a person's name",
    ("date", "birth"): "a date of birth",
    ("ip", "address"): "where somebody is",
}
# Types whose values tell nothing of a person, whatever the name says, and those of which
# only some reasons can be true.
_HARMLESS: Final = frozenset({"boolean", "reference", "id"})
_ONLY: Final = {
    **dict.fromkeys(("date", "datetime"), frozenset({"a date of birth"})),
    **dict.fromkeys(("int", "double", "currency", "percent"), frozenset({"about a person's life"})),
}


def personal(object_name: str, field: Mapping[str, Any]) -> str | None:
    """Why a field (as describe gives it) looks personal, or None."""
    kind, name = str(field.get("type")), str(field["name"])
    if field.get("encrypted"):
        return _TYPES["encryptedstring"]
    if kind in _TYPES:
        return f"{_TYPES[kind]} (type {kind})"
    if kind in _HARMLESS:
        return None
    compound = str(field.get("compoundFieldName") or "")
    if compound.endswith("Address") and name.endswith(("Street", "PostalCode")):
        return f"a part of {compound}"
    if object_name in _PEOPLE and (name == "Name" or compound == "Name"):
        return "a person's name"
    possible = _ONLY.get(kind)
    for text in (name, str(field.get("label") or "")):
        for reason in _reasons(set(split(text))):
            if possible is None or reason in possible:
                return f"{reason} (named {text})"
    return None


def _reasons(words: set[str]) -> Iterator[str]:
    for pair, reason in _PAIRS.items():
        if set(pair) <= words:
            yield reason
    for reason, known in _WORDS.items():
        if known & words:
            yield reason


def split(name: str) -> list[str]:
    """The words of an API name or a label, in lower case: ``Date_of_BirthX__c``."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name.removesuffix("__c"))
    words = [word.lower() for word in re.split(r"[^A-Za-zÀ-ÿ0-9]+", spaced) if word]
    return [*words, *(a + b for a, b in pairwise(words))]
