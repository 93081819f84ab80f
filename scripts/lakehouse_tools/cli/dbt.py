"""``lakehouse dbt``: the dbt project's generated part, and dbt by hand."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lakehouse_tools.cli import credentials
from lakehouse_tools.cli.options import environment_option, json_option, project_option

if TYPE_CHECKING:
    from lakehouse_jobs.contract.objects import ObjectsConfig
    from lakehouse_jobs.salesforce.secret import Credentials
    from lakehouse_tools.dbt_models.facts import ObjectFacts
    from lakehouse_tools.dbt_models.project import Project
    from lakehouse_tools.dbt_models.seed import SeedChange


@click.group()
def command() -> None:
    """The dbt project: what is generated of it, and what dbt needs to run by hand.

    \b
    Examples:
      lakehouse dbt generate --check
      vars="$(lakehouse dbt env --env dev)" && eval "$vars"
    """


@command.command()
@environment_option
@credentials.options
@click.option(
    "--source",
    type=click.Choice(["org", "raw"]),
    default="org",
    show_default=True,
    help="The live org, or the comments of the raw tables, which know less.",
)
@project_option
@click.option(
    "--config",
    "config_file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("config") / "salesforce_objects.json",
    show_default=True,
    help="Which objects are extracted, without which fields.",
)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if something would change.")
@json_option
def generate(
    *,
    environment_name: str,
    secret_file: str | None,
    ask: bool,
    jwt: bool,
    source: str,
    project_folder: Path,
    config_file: Path,
    check: bool,
    as_json: bool,
) -> None:
    """Write sources and staging models of objects that have none. All files or none.

    Reads the org's describe, custom objects and fields included, and its opportunity stages,
    which the seed opportunity_stages gains. What a person edited or made is kept; what the
    org dropped is reported and left; names once given stay. Run again it changes nothing.
    Changes nothing in the org or in AWS.

    \b
    Examples:
      lakehouse dbt generate
      lakehouse dbt generate --env dev --check
      lakehouse dbt generate --source raw
    """
    from lakehouse_jobs.contract.objects import ObjectsConfig
    from lakehouse_jobs.contract.raw_log import table_name
    from lakehouse_tools.dbt_models.plan import make_plan
    from lakehouse_tools.dbt_models.project import FOLDER, read_project
    from lakehouse_tools.dbt_models.seed import write_seed
    from lakehouse_tools.dbt_models.writing import put_back, write
    from lakehouse_tools.display import generated
    from lakehouse_tools.display.console import output

    config = ObjectsConfig.from_file(config_file)
    if not check:
        put_back(project_folder, FOLDER)
    project = read_project(project_folder)
    seed = None
    if source == "raw":
        objects, left_out = _raw(environment_name, config)
    else:
        chosen = credentials.of_org(environment_name, secret_file, ask_for=ask, jwt=jwt)
        objects, left_out, seed = _org(chosen, config, project)
    limits = {table_name(o.name): config.rules(o.name).stale_after_minutes for o in objects}
    fresh = {table: minutes for table, minutes in limits.items() if minutes is not None}
    plan = make_plan(project, objects, left_out=left_out, fresh_minutes=fresh)
    if plan.changed and not check:
        write(project_folder, FOLDER, {name: plan.files[name] for name in plan.changed})
    if seed and seed.text is not None and not check:
        write_seed(project_folder, seed.text)
    if as_json:
        click.echo(generated.as_json(plan, seed))
    else:
        generated.show_plan(
            output(),
            plan,
            seed=seed,
            folder=str(project_folder / FOLDER),
            check=check,
            from_raw=source == "raw",
        )
    if check and (plan.changed or (seed and seed.text is not None)):
        raise click.exceptions.Exit(1)


def _org(
    chosen: "Credentials", config: "ObjectsConfig", project: "Project"
) -> "tuple[list[ObjectFacts], dict[str, str], SeedChange | None]":
    from lakehouse_tools.dbt_models.org import read_org
    from lakehouse_tools.dbt_models.seed import SEED, ask_org
    from lakehouse_tools.discover.access import open_org
    from lakehouse_tools.display.progress_bar import progress_bar

    org = open_org(chosen, api_version=config.api_version)
    with progress_bar("asking the org") as progress:
        objects, left_out = read_org(org, config, known=project.readers.keys(), progress=progress)
    sells = any(each.name == "Opportunity" for each in objects)
    has_seed = (project.folder / SEED).exists()
    return objects, left_out, ask_org(org, project.folder) if sells and has_seed else None


def _raw(
    environment_name: str, config: "ObjectsConfig"
) -> "tuple[list[ObjectFacts], dict[str, str]]":
    from lakehouse_tools.dbt_models.raw_tables import read_raw
    from lakehouse_tools.environment import Environment

    return read_raw(Environment.named(environment_name), config)


@command.command()
@environment_option
@project_option
def env(*, environment_name: str, project_folder: Path) -> None:
    """Print what plain `dbt` needs, as lines that a shell evaluates.

    The settings of the deployed build, the region, and the pinned dbt first on PATH, so that
    `dbt build` works in the project's folder with the profile there. Of an account's
    credentials nothing is printed: dbt takes those of your shell. For the local AWS its
    address and dummy keys are: use a terminal of its own. Changes nothing.

    dbt then writes to the environment's own databases, and its Glue sessions are billed
    while it runs: docs/dbt-models.md, "By hand".

    \b
    Examples:
      lakehouse dbt env
      vars="$(lakehouse dbt env --env dev)" && eval "$vars" && cd dbt_project && dbt build
    """
    from lakehouse_tools import dbt_by_hand
    from lakehouse_tools.dbt_models.project import read_project
    from lakehouse_tools.environment import Environment, aws_errors
    from lakehouse_tools.glue_tables import tables_of
    from lakehouse_tools.stack import read_stack

    try:
        environment = Environment.named(environment_name)
        program = dbt_by_hand.program(environment)
        project = read_project(project_folder)
        with aws_errors(environment):
            stack = read_stack(environment)
            change = dbt_by_hand.change(environment, dbt_by_hand.settings(environment, stack))
            raw = [table["Name"] for table in tables_of(environment, stack.raw_database)]
    except BaseException:
        # The shell's eval of nothing succeeds, and what stands behind it would run, with what
        # the shell has of another environment.
        click.echo("unset DBT_SESSION_ROLE_ARN; false")
        raise
    click.echo(change.as_shell(path=program.parent))
    if exclude := dbt_by_hand.tables_to_leave_out(project.declared | project.sources, raw=raw):
        click.echo(f"raw lacks tables; dbt can build the rest: dbt build {exclude}", err=True)
