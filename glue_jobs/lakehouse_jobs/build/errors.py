"""What can go wrong around a dbt build; each message is one line for a person.

::

    BuildError
    ├── CatalogError   the Glue catalog lacks a database, or refused to answer
    ├── DbtError       dbt ended before it ran a node
    └── BuiltError     what was built or tested cannot be noted in the lake bucket
"""


class BuildError(Exception):
    """The build cannot be carried out."""


class CatalogError(BuildError):
    """A database of the lake cannot be read."""


class DbtError(BuildError):
    """dbt could not read the project, or broke off."""


class BuiltError(BuildError):
    """``runs/_built.json`` or ``runs/_tested.json`` cannot be read or written."""
