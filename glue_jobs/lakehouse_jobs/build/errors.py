"""What can go wrong around a dbt build; each message is one line for a person.

::

    BuildError
    ├── CatalogError   the Glue catalog lacks a database, or refused to answer
    ├── DbtError       dbt ended before it ran a node
    ├── ErasedError    a table that may hold erased records cannot be rebuilt
    └── BuiltError     a note that builds leave for later ones cannot be read or written
"""


class BuildError(Exception):
    """The build cannot be carried out."""


class CatalogError(BuildError):
    """A database of the lake cannot be read."""


class DbtError(BuildError):
    """dbt could not read the project, or broke off."""


class ErasedError(BuildError):
    """A model made of an object of which records were erased cannot be rebuilt."""


class BuiltError(BuildError):
    """``runs/_built.json``, ``_tested.json`` or ``_upkeep.json`` cannot be read or written."""
