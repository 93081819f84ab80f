"""Entries that several of the comparison's files have."""

from datetime import date

from lakehouse_jobs.contract.checked import Section


def day(section: Section, name: str) -> date:
    """A day, ``YYYY-MM-DD``."""
    text = section.text(name, "")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise section.error(name, text, "a day such as 2027-01-31") from None


def needed(section: Section, name: str) -> str:
    """A string that has to be there."""
    value = section.text(name)
    if value is None:
        raise section.error(name, None, "a string that is not empty")
    return value
