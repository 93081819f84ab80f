"""The sources of generated models: the raw tables that no hand-made file declares."""

from collections.abc import Iterable, Mapping

import yaml

from lakehouse_tools.dbt_models.text import marked, quoted, unquoted

_HEAD = """\
sources:
  - name: salesforce
    description: >
      The raw log, one table for each Salesforce object: one row for each version of a record
      that Salesforce reported. Nothing in it is updated.
    schema: "{{ env_var('RAW_DATABASE') }}"
    config:
      loaded_at_field: _extracted_at
      freshness:
        warn_after: {count: 25, period: hour}
    tables:
"""


def sources_file(tables: Iterable[str], labels: Mapping[str, str], *, before: str) -> str:
    """The file. ``before``, the one that is there, has labels of objects not described now."""
    known = {**_labels(before), **labels}
    lines = []
    for table in sorted(tables):
        lines.append(f"      - name: {table}\n")
        lines.append(f"        description: {quoted(known.get(table, table))}\n")
    return marked(_HEAD + "".join(lines), comment="#")


def _labels(text: str) -> dict[str, str]:
    content = yaml.safe_load(text) or {}
    return {
        str(table["name"]): unquoted(str(table.get("description") or table["name"]))
        for source in content.get("sources", ())
        for table in source["tables"]
    }
