"""``lakehouse validate``."""

from pathlib import Path

import click

from lakehouse_tools.cli.options import (
    comparison_option,
    environment_option,
    junit_option,
    memory_option,
)


@click.command()
@environment_option
@comparison_option("Names the marts, their keys and references; the old side is not read.")
@click.option("--objects", help="Only these of the configured objects, by commas.")
@click.option(
    "--sample",
    type=click.IntRange(1, 2_000),
    default=50,
    show_default=True,
    help="Records of each object that are compared field by field, twice: by chance, and newest.",
)
@memory_option
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("validation"),
    show_default=True,
    help="Folder for the report of this run, and where the earlier ones are.",
)
@junit_option
def command(
    *,
    environment_name: str,
    config_path: Path,
    objects: str | None,
    sample: int,
    memory: str,
    output: Path,
    junit: Path | None,
) -> None:
    """Check the new side alone: raw against Salesforce itself, marts against their rules.

    Of each configured object the records are counted on both sides, allowing for what
    changed since the watermark, and some are read through REST and compared field by
    field. Of the marts: keys, orphans, ranges, SCD2 history; and what moved since the
    run before. Nothing is written but the report; of Salesforce it only reads.

    Exit status: 0 where everything holds, 1 where something does not, 2 where something
    could not be looked at.

    \b
    Examples:
      lakehouse validate
      lakehouse validate --env prod --objects Account,Contact --sample 500
    """
    from lakehouse_tools.cli.credentials import of_org
    from lakehouse_tools.cli.finish import finish
    from lakehouse_tools.comparison.engines.duck import DuckDbEngine
    from lakehouse_tools.comparison.errors import before_comparing
    from lakehouse_tools.comparison.reading import read_config
    from lakehouse_tools.comparison.report.files import new_run, read_runs
    from lakehouse_tools.comparison.run import Kind
    from lakehouse_tools.comparison.sides import Sides
    from lakehouse_tools.configured import deployed_config
    from lakehouse_tools.connections.salesforce import configured
    from lakehouse_tools.discover.access import open_org
    from lakehouse_tools.display.progress_bar import progress_bar
    from lakehouse_tools.environment import Environment, aws_errors
    from lakehouse_tools.errors import RequestError
    from lakehouse_tools.stack import read_stack
    from lakehouse_tools.validation.run import validate

    with before_comparing():
        config = read_config(config_path)
    environment = Environment.named(environment_name)
    with aws_errors(environment), progress_bar("validating") as progress:
        stack = read_stack(environment)
        wanted = deployed_config(environment, stack)
        credentials = of_org(environment_name, None, ask_for=False, jwt=False)
        org = open_org(credentials, api_version=wanted.api_version)
        names = configured(wanted, org.object_names())
        if objects is not None:
            by_name = {name.lower(): name for name in names}
            asked = [name.strip() for name in objects.split(",")]
            for name in asked:
                if name.lower() not in by_name:
                    raise RequestError(f"--objects: got {name!r}; configured: {', '.join(names)}")
            names = [by_name[name.lower()] for name in asked]
        earlier = read_runs(output, Kind.VALIDATION)
        with DuckDbEngine(memory=memory, storage=environment.storage()) as engine:
            report = validate(
                config,
                wanted,
                names,
                engine,
                Sides(environment, stack),
                org,
                run=new_run(),
                sample=sample,
                subject=f"environment {environment.name}, org {org.org_id}",
                runs=earlier,
                now=org.server_time(),
                progress=progress,
            )
    finish(report, output, junit, earlier=lambda: earlier)
