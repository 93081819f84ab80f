"""``lakehouse erase``."""

from pathlib import Path

import click

from lakehouse_tools.cli.options import environment_option


@click.command()
@environment_option
@click.argument("words", metavar="OBJECT ID [ID …] [OBJECT ID …]", nargs=-1, required=True)
@click.option(
    "--ids-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="More of the same words, with blanks or lines between them, behind those given here.",
)
@click.option("--dry-run", is_flag=True, help="Show what would go, and change nothing.")
@click.option(
    "--allow-return",
    is_flag=True,
    help="Erase although Salesforce still has a record, or cannot be asked: a later run may bring"
    " it back.",
)
@click.option("--yes", is_flag=True, help="Do not ask before erasing.")
def command(
    *,
    environment_name: str,
    words: tuple[str, ...],
    ids_file: Path | None,
    dry_run: bool,
    allow_return: bool,
    yes: bool,
) -> None:
    """Erase records from the lake, and prove it.

    For a person's request: delete the record in Salesforce first, and empty the recycle bin.
    All versions leave raw, with values that did not fit; what dbt made of the objects is built
    anew from raw; old snapshots and files of all these tables are deleted. Then every place is
    read again. A note without the records' data stays in the lake.

    Rows of other records that name the ids stay and are counted: where one tells of the person,
    erase it too. What stays for a while, such as old versions in the bucket, is told with its
    last day. It cannot be taken back. Killed half way, the same command goes on.

    Exit status: 0 where it is proved, 1 where it is not, 2 where the request is refused.

    \b
    Examples:
      lakehouse erase Contact 0035g00000QwErtAAF --dry-run
      lakehouse erase Contact 0035g00000QwErtAAF Lead 00Q5g00000AbCdeEAG
      lakehouse erase --env prod Contact --ids-file ids.txt --yes
    """
    from lakehouse_tools.cli.failure import Failure
    from lakehouse_tools.display.console import output
    from lakehouse_tools.display.erasure import show_erasure, show_survey
    from lakehouse_tools.environment import Environment, aws_errors
    from lakehouse_tools.erasure import asked, raw, run, salesforce, survey
    from lakehouse_tools.iceberg_catalog import catalog
    from lakehouse_tools.stack import read_stack

    environment = Environment.named(environment_name)
    more = ids_file.read_text(encoding="utf-8").split() if ids_file else []
    with aws_errors(environment):
        stack = read_stack(environment)
        wanted = asked.read(environment, stack, [*words, *more])
        found = survey.look(environment, stack, wanted)
        run.require_found(environment, stack, wanted, found)
        standing = salesforce.look(environment, stack, wanted)
        show_survey(output(), wanted, found)
        if standing.warning:
            click.echo(f"\nnote: {standing.warning}")
        if dry_run:
            return
        if not allow_return:
            standing.require_gone()
        run.require_quiet(environment, stack)
        raw.require_erasable(catalog(environment), database=stack.raw_database, asked=wanted)
        if not yes:
            click.confirm("\nErase them? This cannot be taken back", abort=True)
            run.require_quiet(environment, stack)
        erasure = run.erase(environment, stack, wanted, say=click.echo)
    click.echo()
    show_erasure(output(), erasure)
    if not erasure.proved:
        raise Failure("records are left: the same command goes on")
