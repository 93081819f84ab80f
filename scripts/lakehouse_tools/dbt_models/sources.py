"""The sources of generated models: the raw tables that no hand-made file declares."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import yaml

from lakehouse_jobs.contract.objects import DEFAULT_RULES
from lakehouse_tools.dbt_models.text import marked, quoted, unquoted

_FRESH: Final = int(DEFAULT_RULES.stale_after_minutes or 0)  # of a table that says nothing else
_HEAD = f"""\
sources:
  - name: salesforce
    description: >
      The raw log, one table for each Salesforce object: one row for each version of a record
      that Salesforce reported. Nothing in it is updated.
    schema: "{{{{ env_var('RAW_DATABASE') }}}}"
    config:
      # Of the watermark, held against it by each build; see docs/dbt-models.md, Freshness.
      freshness:
        warn_after: {{count: {_FRESH // 60}, period: hour}}
    tables:
"""


def sources_file(
    tables: Iterable[str],
    labels: Mapping[str, str],
    *,
    fresh_minutes: Mapping[str, int],
    before: str,
) -> str:
    """The file. ``before``, the one that is there, has labels of objects not described now.

    ``fresh_minutes``: how old a table may be; the default of ``stale_after_minutes`` of others.
    """
    known = {**_labels(before), **labels}
    lines = []
    for table in sorted(tables):
        lines.append(f"      - name: {table}\n")
        lines.append(f"        description: {quoted(known.get(table, table))}\n")
        lines += _freshness(fresh_minutes.get(table, _FRESH))
    return marked(_HEAD + "".join(lines), comment="#")


def _freshness(minutes: int) -> Iterator[str]:
    if minutes != _FRESH:
        yield "        config:\n"
        yield f"          freshness: {{warn_after: {{count: {minutes}, period: minute}}}}\n"


def _labels(text: str) -> dict[str, str]:
    content = yaml.safe_load(text) or {}
    return {
        str(table["name"]): unquoted(str(table.get("description") or table["name"]))
        for source in content.get("sources", ())
        for table in source["tables"]
    }
