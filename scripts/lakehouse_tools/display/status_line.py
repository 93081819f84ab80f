"""One line that changes while something long goes on; plain lines where there is no terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape


@contextmanager
def status_line(
    console: Console, title: str, *, plain: bool, few: bool = False, quiet: bool = False
) -> Iterator[Callable[[str], None]]:
    """Yields a function that takes what is going on now.

    ``few``: there will be few reports, each worth a line of its own where no line can change.
    ``quiet``: nothing is shown; a program reads what is printed.
    """
    if quiet:
        yield lambda _: None
        return
    if plain or not console.is_terminal:
        console.print(f"{title} …", markup=False, highlight=False)

        def line(text: str) -> None:
            if few:
                console.print(f"  {text}", markup=False, highlight=False, soft_wrap=True)

        yield line
        return
    with console.status(escape(title)) as status:

        def report(text: str) -> None:
            room = max(20, console.width - len(title) - 8)
            short = text if len(text) <= room else text[: room - 1] + "…"
            status.update(f"{escape(title)}  [dim]{escape(short)}[/dim]")

        yield report
