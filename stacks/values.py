"""Values that several configuration files have in common."""

import re
from typing import Final

from lakehouse_jobs.contract.checked import Section

_ACCOUNT: Final = re.compile(r"[0-9]{12}")
_REGION: Final = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")


def optional(section: Section, name: str, pattern: re.Pattern[str], allowed: str) -> str | None:
    """A string of a certain form, or None where it is absent or null."""
    value = section.text(name)
    if value is not None and not pattern.fullmatch(value):
        raise section.error(name, value, allowed)
    return value


def matching(section: Section, name: str, pattern: re.Pattern[str], allowed: str) -> str:
    """A string of a certain form."""
    value = section.text(name)
    if value is None or not pattern.fullmatch(value):
        raise section.error(name, value, allowed)
    return value


def account(section: Section) -> str | None:
    """The account; None: the one that the deployment's credentials lead to."""
    return optional(section, "account", _ACCOUNT, "twelve digits, or null")


def region(section: Section) -> str | None:
    """The region; None: that of the deployment's credentials."""
    return optional(section, "region", _REGION, "a region such as eu-central-1, or null")
