"""``lakehouse compare infrastructure``."""

from pathlib import Path

import click

from lakehouse_tools.cli.options import json_option

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("infrastructure")
@click.argument("old", nargs=-1, required=True, type=_FILE)
@click.option(
    "--new",
    help="A cloud assembly, or a git ref, which is synthesized first."
    "  [default: cdk.out, or HEAD where there is none]",
)
@click.option("--stack", default="LakehouseProd", show_default=True, help="The stack in it.")
@click.option(
    "--resources",
    "physical",
    multiple=True,
    type=_FILE,
    help="What `aws cloudformation list-stack-resources` printed of the old stack: it knows how"
    " the resources are called. Repeat for more.",
)
@click.option(
    "--allow",
    "allowed",
    multiple=True,
    metavar="lacks:ID|open:ID",
    help="Agree that the new lacks this old resource, or that this new one is open; repeat for"
    " more.",
)
@click.option("--mapping", type=_FILE, help="Write the resource mapping for `cdk import` here.")
@click.option("--output", type=_FILE, help="Write Markdown here instead of to the terminal.")
@json_option
def command(
    *,
    old: tuple[Path, ...],
    new: str | None,
    stack: str,
    physical: tuple[Path, ...],
    allowed: tuple[str, ...],
    mapping: Path | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """Compare the old system's CloudFormation with the new stack's template.

    OLD are the old system's templates, JSON. For each of their resources: what the new
    has in its place, or that it lacks it. For both systems: what is open (policies, public
    access, encryption, secrets) or not kept (versions, deletion policies). Then what the
    new stack can import instead of creating it. No account is asked.

    Exit status: 0 where the new lacks nothing and is open in no new way, 1 where it does
    or is, 2 where a template cannot be compared.

    \b
    Examples:
      lakehouse compare infrastructure old/*.json
      lakehouse compare infrastructure old.json --mapping import.json --output infra.md
      lakehouse compare infrastructure old.json --new main --allow lacks:SalesforceVpc
    """
    from lakehouse_tools.comparison.infrastructure import imports, report
    from lakehouse_tools.comparison.infrastructure.compared import compared
    from lakehouse_tools.comparison.infrastructure.system import read_old, system
    from lakehouse_tools.display.console import output as console
    from lakehouse_tools.display.infrastructure import print_infrastructure
    from lakehouse_tools.errors import EXIT_FAILED, RequestError

    _writable("--mapping", mapping)
    _writable("--output", output)
    before = read_old(list(old))
    found = compared(
        before,
        system(_template(new, stack)),
        files=[str(path) for path in old],
        stack=stack,
        physical=imports.read_physical(physical),
        agreed=allowed,
    )
    known = {f"lacks:{c.id}" for c in found.counterparts} | {f"open:{o.id}" for o in found.open_new}
    for name in allowed:
        if name not in known:
            raise RequestError(
                f"--allow: got {name!r}: name lacks:ID of an old resource, or open:ID of a new one"
                " that is open"
            )
    if mapping is not None:
        mapping.write_text(imports.mapping(list(found.imports)), encoding="utf-8")
    if as_json:
        click.echo(report.as_json(found), nl=False)
    elif output is not None:
        output.write_text(report.as_markdown(found), encoding="utf-8")
        click.echo(f"infrastructure: {report.verdict(found)}; written to {output}")
    else:
        print_infrastructure(console(), found)
    if not found.passes:
        raise click.exceptions.Exit(EXIT_FAILED)


def _writable(option: str, path: Path | None) -> None:
    """Refuse a file that cannot be written before the work, which may take a synthesis."""
    from lakehouse_tools.errors import RequestError

    if path is None:
        return
    try:
        was_there = path.exists()
        path.open("a").close()
        if not was_there:
            path.unlink()
    except OSError as error:
        raise RequestError(
            f"{option}: {path} cannot be written ({error.strerror}): name a file in a folder that"
            " is there and yours"
        ) from None


def _template(new: str | None, stack: str) -> dict[str, object]:
    """The template of the new stack, synthesized where that is asked for."""
    import os
    import tempfile

    from lakehouse_tools.comparison.errors import before_comparing
    from lakehouse_tools.deploy.project import find_project
    from lakehouse_tools.errors import DeployError, RequestError
    from lakehouse_tools.review.refs import assembly_of

    what = new or ("cdk.out" if Path("cdk.out", "manifest.json").is_file() else "HEAD")
    with tempfile.TemporaryDirectory(prefix="lakehouse-compare-") as folder:
        with before_comparing(DeployError, RequestError):
            checkout = find_project() if not Path(what).is_dir() else Path.cwd()
            assembly = assembly_of(what, checkout=checkout, folder=Path(folder), environ=os.environ)
        found = assembly.stacks.get(stack)
        if found is None:
            raise RequestError(
                f"--stack: got {stack!r}, but {what} has {', '.join(assembly.stacks)}"
            )
        return dict(found.content)
