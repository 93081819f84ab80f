"""``lakehouse gate``."""

from pathlib import Path

import click

from lakehouse_tools.cli.options import json_option


@click.command()
@click.option(
    "--config",
    "config_path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("config/comparison.json"),
    show_default=True,
    help="What `lakehouse compare` read; acceptances and checklist lie beside it.",
)
@click.option(
    "--runs",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("comparison"),
    show_default=True,
    help="Folder with the reports of `lakehouse compare`.",
)
@json_option
def command(*, config_path: Path, runs: Path, as_json: bool) -> None:
    """Say whether the old system may go, or what is still missing.

    It needs runs in a row that pass (runs_in_a_row in the configuration), and what people
    confirm in cutover_checklist.json. Keys that differ and that no known difference
    explains count as passed only where a person accepted just these, for that run, in
    comparison_accepted.json.

    Exit status: 0 where nothing is missing, 1 where something is, 2 where a file cannot
    be read.

    \b
    Examples:
      lakehouse gate
      lakehouse gate --runs comparison --json
    """
    import json
    from dataclasses import asdict

    from lakehouse_jobs.contract.errors import ConfigError
    from lakehouse_tools.comparison import acceptances, gate
    from lakehouse_tools.comparison.errors import ComparisonFailedError
    from lakehouse_tools.comparison.reading import read_config
    from lakehouse_tools.comparison.report.files import read_runs
    from lakehouse_tools.errors import EXIT_FAILED

    try:
        config = read_config(config_path)
        accepted = acceptances.read_acceptances(acceptances.beside(config, acceptances.FILE))
        checklist = gate.read_checklist(acceptances.beside(config, gate.CHECKLIST))
    except ConfigError as error:
        raise ComparisonFailedError(str(error)) from error
    found = gate.requirements(config, read_runs(runs), accepted, checklist)
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
