"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from lakehouse_tools.comparison.memory import MEMORY
from lakehouse_tools.environment import ENVIRONMENTS, LOCAL

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

environment_option: Decorator = click.option(
    "--env",
    "environment_name",
    type=click.Choice(ENVIRONMENTS),
    default=LOCAL,
    show_default=True,
    help="The local AWS, or the stack of an environment in your AWS account.",
)
plain_option: Decorator = click.option(
    "--plain", is_flag=True, help="Plain lines instead of a live picture."
)
json_option: Decorator = click.option(
    "--json", "as_json", is_flag=True, help="JSON for programs instead of text."
)
project_option: Decorator = click.option(
    "--project",
    "project_folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("dbt_project"),
    show_default=True,
    help="Folder of the dbt project.",
)
engine_option: Decorator = click.option(
    "--engine",
    type=click.Choice(["duckdb", "athena"]),
    default="duckdb",
    show_default=True,
    help="Where it runs: on this machine, or in Athena.",
)
memory_option: Decorator = click.option(
    "--memory", default=MEMORY, show_default=True, help="How much DuckDB may take."
)
junit_option: Decorator = click.option(
    "--junit",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write JUnit XML too, one case a table and check: for a CI's test report.",
)


def comparison_option(told: str) -> Decorator:
    """``--config``, the file of the comparison; ``told`` says what the command wants of it."""
    return click.option(
        "--config",
        "config_path",
        type=click.Path(dir_okay=False, path_type=Path),
        default=Path("config/comparison.json"),
        show_default=True,
        help=told,
    )
