"""Options that several commands share."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from lakehouse_tools.comparison.memory import MEMORY
from lakehouse_tools.environment import ENVIRONMENTS, LOCAL
from lakehouse_tools.errors import RequestError

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
_SIZE: Final = re.compile(r"[1-9]\d*(\.\d+)? ?[KMGT]i?B", re.IGNORECASE)

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


def _memory(_: click.Context, __: click.Parameter, text: str) -> str:
    if not _SIZE.fullmatch(text):
        raise RequestError(f"--memory: got {text!r}; allowed: a size such as 750MB or 2GB")
    return text


memory_option: Decorator = click.option(
    "--memory",
    default=MEMORY,
    show_default=True,
    callback=_memory,
    help="How much DuckDB may take.",
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
