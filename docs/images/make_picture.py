"""Turn the text of a terminal into the picture of the README.

    python docs/images/make_picture.py < screen.txt > docs/images/demo.svg

Lines that begin at the left edge with a capital letter are titles.
"""

import io
import re
import sys

from rich.console import Console
from rich.text import Text


def main() -> None:
    """Read text, write SVG."""
    lines = sys.stdin.read().rstrip().splitlines()
    width = max(len(line) for line in lines) + 1
    console = Console(record=True, width=width, file=io.StringIO(), force_terminal=True)
    for line in lines:
        text = Text(line)
        if line[:1].isupper() or line.startswith("$"):
            text.stylize("bold")
        text.highlight_regex(r"✓", "green")
        console.print(text, no_wrap=True, highlight=False)
    svg = console.export_svg(title="make demo")
    # Without the web font that Rich would have the reader's browser fetch.
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    print(svg.replace("Fira Code, monospace", "monospace"))


if __name__ == "__main__":
    main()
