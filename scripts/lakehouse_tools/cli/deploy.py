"""``lakehouse deploy``."""

import sys

import click

from lakehouse_tools.cli.options import environment_option, json_option, plain_option


@click.command()
@environment_option
@click.option("--check", "only_check", is_flag=True, help="Stop before anything is deployed.")
@click.option("--yes", is_flag=True, help="Deploy without asking.")
@click.option(
    "--allow",
    "allowed",
    multiple=True,
    metavar="LOGICAL_ID",
    help="Agree to lose this stateful resource; repeat for more.",
)
@click.option(
    "--skip",
    multiple=True,
    type=click.Choice(["lake-formation", "quotas", "vpc", "connections", "salesforce", "dbt"]),
    help="Leave this out; repeat for more.",
)
@click.option(
    "--gate",
    is_flag=True,
    help="Ask `lakehouse gate` first: what it misses stops the deployment.",
)
@plain_option
@json_option
def command(
    *,
    environment_name: str,
    only_check: bool,
    yes: bool,
    allowed: tuple[str, ...],
    skip: tuple[str, ...],
    gate: bool,
    plain: bool,
    as_json: bool,
) -> None:
    """Check, review, deploy, and try what was deployed.

    Checks come first: Node and the CDK CLI, whose credentials these are, whether account
    and region are those of the configuration, the stack's state, the bootstrap's version,
    the VPC that config names, Lake Formation, quotas. Then what the deployment would change
    is shown, and asked for. What was shown is what is deployed. Afterwards the stack's
    outputs are looked for and the connections tried, as `lakehouse connections` does.

    With --gate nothing is deployed while `lakehouse gate` finds anything missing; its list
    is among the checks. It is off by default, for a new lake has to be there before it can
    be compared with the old one.

    \b
    Exit status:
      0    deployed; with --check: nothing stands in the way
      1    a check, the deployment or a connection failed; a stateful resource would be
           lost and nobody agreed by --allow; or you said no
      2    the request cannot be carried out as it was put
      130  interrupted

    \b
    Examples:
      lakehouse deploy --env dev --check
      lakehouse deploy --env prod
      lakehouse deploy --env prod --gate
      lakehouse deploy --env dev --yes --skip dbt --json
    """
    from lakehouse_tools.checks import as_json as json_of
    from lakehouse_tools.deploy.rollout import Rollout
    from lakehouse_tools.display import checks, review
    from lakehouse_tools.display.console import output
    from lakehouse_tools.display.status_line import status_line
    from lakehouse_tools.environment import Environment
    from lakehouse_tools.errors import EXIT_FAILED, MachineError, RequestError, ToolError

    asks = not (yes or only_check)
    if asks and (as_json or not sys.stdin.isatty()):
        raise RequestError("nobody is here to be asked: say --yes to deploy, or --check to look")
    environment = Environment.named(environment_name)
    console = output()
    rollout = click.get_current_context().with_resource(
        Rollout(
            environment,
            allowed=allowed,
            skip=skip,
            gate=gate,
            status=lambda title, few: status_line(
                console, title, plain=plain, few=few, quiet=as_json
            ),
            told=(lambda _: None) if as_json else checks.show,
        )
    )

    def finish(**more: object) -> None:
        if as_json:
            click.echo(json_of(environment, rollout.found, **more))

    rollout.start()
    if not rollout.check():
        finish(deployed=False)
        raise _end(as_json, MachineError(f"{rollout.failed} check(s) failed: nothing was deployed"))
    found = rollout.review()
    if not as_json:
        click.echo("\n".join(["", *review.lines(found), ""]))
    told = "\n".join(review.lines(found))
    for loss in found.refused:
        finish(deployed=False, review=told)
        raise _end(
            as_json,
            MachineError(
                f"{loss.name} ({loss.type}) would be {loss.what}: {loss.why}: nothing was"
                f" deployed; if that is meant, say --allow {loss.logical_id}"
            ),
        )
    if only_check:
        finish(deployed=False, review=told)
        return
    if asks and not found.is_empty:
        click.confirm(f"Deploy {environment.stack_name} to {rollout.place}?", abort=True)
    try:
        rollout.deploy(found)
    except ToolError:
        finish(deployed=False, review=told)
        if as_json:
            raise click.exceptions.Exit(EXIT_FAILED) from None
        raise
    rollout.verify()
    finish(deployed=True, review=told, outputs=rollout.outputs)
    if rollout.failed:
        raise _end(as_json, MachineError(f"deployed; {rollout.failed} check(s) failed: see above"))
    if not as_json:
        click.echo(f"next: {rollout.next_step}")


def _end(as_json: bool, error: Exception) -> Exception:
    """The error for a person; a program has read it in the JSON already."""
    from lakehouse_tools.errors import EXIT_FAILED

    return click.exceptions.Exit(EXIT_FAILED) if as_json else error
