"""``lakehouse gate``."""

from pathlib import Path

import click

from lakehouse_tools.cli.options import (
    comparison_option,
    environment_option,
    json_option,
)


@click.command()
@environment_option
@comparison_option("What `lakehouse compare` read; acceptances and checklist lie beside it.")
@click.option(
    "--runs",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder with reports of `lakehouse compare`, instead of the lake's _comparison_runs."
    "  [default for files on this machine: comparison]",
)
@json_option
def command(*, environment_name: str, config_path: Path, runs: Path | None, as_json: bool) -> None:
    """Say whether the old system may go, or what is still missing.

    It needs runs in a row that pass (runs_in_a_row in the configuration), and what people
    confirm in cutover_checklist.json. Keys that differ and that no known difference
    explains count as passed only where a person accepted just these, for that run, in
    comparison_accepted.json.

    Exit status: 0 where nothing is missing, 1 where something is, 2 where a file cannot
    be read.

    \b
    Examples:
      lakehouse gate --env prod
      lakehouse gate --runs comparison --json
    """
    import json
    from dataclasses import asdict

    from lakehouse_tools.comparison.asked import ask
    from lakehouse_tools.environment import Environment
    from lakehouse_tools.errors import EXIT_FAILED

    found = ask(Environment.named(environment_name), config_path, reports=runs)
    missing = [one for one in found if not one.met]
    if as_json:
        told = {"pass": not missing, "requirements": [asdict(one) for one in found]}
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        for one in found:
            click.echo(f"{'✓' if one.met else '✗'} {one.name}: {one.text}")
        click.echo("gate: pass" if not missing else f"gate: {len(missing)} missing")
    if missing:
        raise click.exceptions.Exit(EXIT_FAILED)
