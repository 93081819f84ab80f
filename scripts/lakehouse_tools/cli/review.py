"""``lakehouse review``."""

from pathlib import Path

import click


@click.command()
@click.argument("base")
@click.argument("head", default="cdk.out")
@click.option("--stack", "stacks", multiple=True, help="Only this stack; repeat for more.")
@click.option(
    "--allow",
    "allowed",
    multiple=True,
    metavar="LOGICAL_ID",
    help="Agree to lose this stateful resource; repeat for more.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the Markdown here instead of to the terminal.",
)
def command(
    *, base: str, head: str, stacks: tuple[str, ...], allowed: tuple[str, ...], output: Path | None
) -> None:
    """What a change does to the environments, as Markdown for its review.

    BASE and HEAD are cloud assemblies (folders that `cdk synth` left) or git refs, which
    are synthesized first; HEAD is cdk.out if left out. First come stateful resources that
    would be removed, replaced or no longer kept (Retain becomes Delete), then the stack's
    termination protection and tags, permissions (IAM's and Lake Formation's), the files of
    changed assets, and CDK's own diff. No account is asked.

    Exit status: 0, or 1 where a stateful resource is one of those and nobody has agreed
    by --allow.

    \b
    Examples:
      lakehouse review origin/main HEAD
      lakehouse review main cdk.out --stack LakehouseProd --output review.md
      lakehouse review main HEAD --allow CatalogRaw48AD472D
    """
    import os
    import tempfile

    from rich.console import Console

    from lakehouse_local import runtimes
    from lakehouse_local.home import Home
    from lakehouse_tools.deploy.project import find_project
    from lakehouse_tools.display.status_line import status_line
    from lakehouse_tools.errors import EXIT_FAILED
    from lakehouse_tools.review.build import review
    from lakehouse_tools.review.refs import assembly_of
    from lakehouse_tools.review.report import markdown

    project = find_project()
    home = Home.from_environment()
    progress = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="lakehouse-review-") as folder:
        with status_line(progress, "setting up", plain=False, few=True) as report:
            runtimes.ensure(home, report)
        with status_line(progress, "comparing", plain=False, few=True) as report:
            sides = []
            for name, what in (("base", base), ("head", head)):
                report(f"{name}: {what}")
                sides.append(
                    assembly_of(
                        what, checkout=project, folder=Path(folder) / name, environ=os.environ
                    )
                )
            reviews = review(
                *sides,
                stacks=stacks,
                allowed=allowed,
                node_modules=home.node_modules,
                environ=os.environ,
            )
    text = markdown(reviews)
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
        click.echo(f"written to {output}")
    refused = [loss for one in reviews for loss in one.refused]
    for loss in refused:
        click.echo(
            f"lakehouse: {loss.name} ({loss.type}) would be {loss.what}: {loss.why}; if that is "
            f"meant, say --allow {loss.logical_id}",
            err=True,
        )
    if refused:
        raise click.exceptions.Exit(EXIT_FAILED)
