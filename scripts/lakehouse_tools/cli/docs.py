"""``lakehouse docs``."""

from pathlib import Path

import click

from lakehouse_tools.cli.options import project_option


@click.command()
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the page to this file and end.",
)
@click.option("--no-serve", is_flag=True, help="As --output lakehouse-docs.html.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=0,
    help="Where to serve it, on 127.0.0.1 alone.  [default: a free port]",
)
@project_option
def command(*, output: Path | None, no_serve: bool, port: int, project_folder: Path) -> None:
    """Show dbt's documentation of the project: models, columns, tests, lineage.

    One page with all in it, made from the project alone: no AWS, no session, no data. It is
    served until you press ctrl-C, or written to a file that opens without a server.

    \b
    Examples:
      lakehouse docs
      lakehouse docs --output docs.html
    """
    from rich.console import Console

    from lakehouse_local import runtimes
    from lakehouse_local.home import Home
    from lakehouse_tools.dbt_docs.page import make
    from lakehouse_tools.dbt_docs.server import server
    from lakehouse_tools.display.status_line import status_line
    from lakehouse_tools.errors import RequestError

    home = Home.from_environment()
    progress = Console(stderr=True)
    with status_line(progress, "docs", plain=False, few=True) as report:
        runtimes.ensure(home, report)
        report("dbt reads the project")
        page = make(project_folder.resolve(), dbt=home.build_bin / "dbt")
    if output or no_serve:
        target = output or Path("lakehouse-docs.html")
        try:
            target.write_text(page, encoding="utf-8")
        except OSError as error:
            raise RequestError(
                f"--output: got {target}; it cannot be written ({error.strerror}): name another one"
            ) from None
        click.echo(f"written to {target}")
        return
    try:
        serving = server(page, port=port)
    except OSError as error:
        raise RequestError(
            f"--port: got {port}; it cannot be served there ({error.strerror}): leave it out for a "
            "free one"
        ) from None
    with serving:
        click.echo(f"http://127.0.0.1:{serving.server_port}/  (ctrl-C ends it)")
        try:
            serving.serve_forever()
        except KeyboardInterrupt:
            click.echo()
