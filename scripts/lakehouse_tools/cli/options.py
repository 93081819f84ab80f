"""Options that several commands share."""

from collections.abc import Callable
from typing import Any

import click

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
