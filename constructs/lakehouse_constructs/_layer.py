"""The layers of the lakehouse."""

from enum import StrEnum


class Layer(StrEnum):
    """A layer of the lakehouse and the suffix of its database."""

    RAW = "raw"
    """What Salesforce reported, every version of every record: written by the extraction."""

    STAGING = "staging"
    """The current version of each record, renamed and typed: written by dbt."""

    INTERMEDIATE = "intermediate"
    """Steps between staging and marts: written by dbt."""

    MARTS = "marts"
    """Dimensions, facts and reports, for people to query: written by dbt."""
