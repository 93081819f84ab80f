"""``lakehouse compare init``."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lakehouse_tools.cli.options import (
    comparison_option,
    engine_option,
    environment_option,
    json_option,
    memory_option,
)

if TYPE_CHECKING:
    from lakehouse_tools.comparison.model import Place


@click.command("init")
@environment_option
@comparison_option("What is written already; it need not be there.")
@click.option(
    "--old", help="The old system: a Glue database or a folder.  [default: the file's, or old_lake]"
)
@click.option(
    "--new", help="The new one: a layer, a database or a folder.  [default: the file's, or marts]"
)
@engine_option
@memory_option
@click.option("--write", is_flag=True, help="Add to the file what it lacks; nothing is changed.")
@json_option
def command(
    *,
    environment_name: str,
    config_path: Path,
    old: str | None,
    new: str | None,
    engine: str,
    memory: str,
    write: bool,
    as_json: bool,
) -> None:
    """Propose which tables and columns of both systems say the same.

    Looks at the names, the types, and a few hundred rows of each old table: where its keys
    are found, and how many values of the same keys agree. Each proposal has a confidence
    and its reason; a person edits them. What a person wrote is never changed. Old tables
    that nothing covers are named: they stop the gate until they have a pair, or a reason
    in tables_left_out.

    Exit status: 0 where every old table is covered, 1 where one is not, 2 where a side
    cannot be read.

    \b
    Examples:
      lakehouse compare init
      lakehouse compare init --env prod --old salesforce_lake --write
    """
    import json

    from lakehouse_tools.comparison.model import ComparisonConfig
    from lakehouse_tools.comparison.proposal.merge import merged, read_written, write_config
    from lakehouse_tools.comparison.proposal.tables import propose
    from lakehouse_tools.comparison.session import opened
    from lakehouse_tools.display.console import output as console
    from lakehouse_tools.display.proposed import print_proposals
    from lakehouse_tools.environment import Environment, aws_errors
    from lakehouse_tools.errors import EXIT_FAILED

    written = read_written(config_path)
    for side, given, default in (("old", old, {"database": "old_lake"}),
                                 ("new", new, {"layer": "marts"})):  # fmt: skip
        if given is not None and side in written and written[side] != _place(given):
            raise click.UsageError(
                f"--{side}: got {given!r}, but {config_path} says {written[side]}: leave it out, or"
                " name another --config"
            )
        written = {side: _place(given) if given else default, **written}
    config = ComparisonConfig(
        where=str(config_path),
        fingerprint="",
        pairs=(),
        old=_read_place(written["old"], config_path),
        new=_read_place(written["new"], config_path),
    )
    environment = Environment.named(environment_name)
    with (
        aws_errors(environment),
        opened(config, environment, engine=engine, memory=memory) as session,
    ):
        proposals = propose(session.engine, session.sides, config.old, config.new)
    found, added = merged(written, proposals)
    covered = {table.get("old") for table in found["tables"]} | set(
        found.get("tables_left_out", {})
    )
    uncovered = [one for one in proposals if one.old not in covered]
    if write and added:
        write_config(config_path, found)
    if as_json:
        told = {"added": added, "uncovered": {o.old: o.why for o in uncovered}, "config": found}
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        print_proposals(console(), proposals, added, uncovered, config_path, written=write)
    if uncovered:
        raise click.exceptions.Exit(EXIT_FAILED)


def _place(text: str) -> dict[str, str]:
    from lakehouse_tools.comparison.model import LAYERS

    if "/" in text or Path(text).is_dir():
        return {"folder": text}
    return {"layer": text} if text in LAYERS else {"database": text}


def _read_place(value: Any, where: Path) -> "Place":
    from lakehouse_jobs.contract.checked import Section
    from lakehouse_tools.comparison.errors import before_comparing
    from lakehouse_tools.comparison.reading import place

    with before_comparing():
        return Section(value, where=str(where)).read(place)
