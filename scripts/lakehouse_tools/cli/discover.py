"""``lakehouse discover``."""

from pathlib import Path

import click

from lakehouse_tools.cli import credentials
from lakehouse_tools.cli.options import environment_option, json_option


@click.command()
@environment_option
@credentials.options
@click.option(
    "--every",
    type=click.Choice(["15m", "hourly", "daily"]),
    default="hourly",
    show_default=True,
    help="The schedule that a month is estimated for.",
)
@click.option(
    "--daily-changes",
    type=click.FloatRange(0, 1),
    default=0.01,
    show_default=True,
    help="Share of the records that change in a day.",
)
@click.option("--all", "all_objects", is_flag=True, help="Look into every object, system ones too.")
@click.option(
    "--api-share",
    type=click.FloatRange(0.01, 1),
    default=0.8,
    show_default=True,
    help="Share of the org's daily API calls that may be used up, whoever used the rest.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("discovered"),
    show_default=True,
    help="Folder for the proposed files.",
)
@click.option("--force", is_flag=True, help="Overwrite proposed files that are there.")
@json_option
def command(
    *,
    environment_name: str,
    secret_file: str | None,
    ask: bool,
    jwt: bool,
    every: str,
    daily_changes: float,
    all_objects: bool,
    api_share: float,
    out: Path,
    force: bool,
    as_json: bool,
) -> None:
    """Look at an org and propose what to extract. Changes nothing in the org or in AWS.

    Lists the objects with their rows, the API that reads them, formula fields, fields that
    look personal, fields that the user cannot see, and what the first load and a month
    will take. Writes a proposed salesforce_objects.json and a permission set for the
    extraction user, as a package for the Metadata API.

    Credentials come from the stack's secret, where one is deployed; before that, from
    --ask or --secret-file.

    \b
    Examples:
      lakehouse discover --ask
      lakehouse discover --env prod --every 15m --json
      lakehouse discover --secret-file credentials.json --out proposal
    """
    from lakehouse_jobs.contract.objects import API_VERSION
    from lakehouse_tools.discover import census, proposal
    from lakehouse_tools.discover.access import open_org
    from lakehouse_tools.discover.estimate import estimate
    from lakehouse_tools.discover.files import paths, write
    from lakehouse_tools.display import discovered
    from lakehouse_tools.display.console import output
    from lakehouse_tools.display.progress_bar import progress_bar

    paths(out, force=force)
    org = open_org(
        credentials.of_org(environment_name, secret_file, ask_for=ask, jwt=jwt),
        api_version=API_VERSION,
    )
    with progress_bar("looking at the org") as progress:
        found = census.take(
            org,
            api_version=API_VERSION,
            look_into_all=all_objects,
            share=api_share,
            progress=progress,
        )
    expected = estimate(
        list(proposal.grouped(found).values()), every=every, daily_changes=daily_changes
    )
    written = [str(path) for path in write(found, out, api_version=API_VERSION, force=force)]
    if as_json:
        click.echo(discovered.as_json(found, expected, written=written))
        return
    discovered.show_census(
        output(), found, expected, all_objects=all_objects, daily_changes=daily_changes
    )
    click.echo(f"written: {', '.join(written)}")
    click.echo(
        f"next: look through {written[0]}, then copy it to config/; the permission set goes to the"
        f" org with `sf project deploy start --metadata-dir {Path(written[1]).parent}`"
    )
