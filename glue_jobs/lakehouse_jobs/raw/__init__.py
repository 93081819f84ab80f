"""Raw tables: schema, state, and the commit that moves both rows and state."""

from lakehouse_jobs.raw.catalog import raw_catalog
from lakehouse_jobs.raw.commit import Landing, commit, iso
from lakehouse_jobs.raw.schema import RawColumn, field_comment, file_schema
from lakehouse_jobs.raw.side_table import SideTable, open_side_table
from lakehouse_jobs.raw.store import Store
from lakehouse_jobs.raw.table import RawTable, State, open_table

__all__ = [
    "Landing",
    "RawColumn",
    "RawTable",
    "SideTable",
    "State",
    "Store",
    "commit",
    "field_comment",
    "file_schema",
    "iso",
    "open_side_table",
    "open_table",
    "raw_catalog",
]
