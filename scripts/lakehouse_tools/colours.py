"""Text of programs that think they write on a terminal."""

import re
from typing import Final

_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def without_colours(text: str) -> str:
    """The text without the sequences that set colours and move the cursor."""
    return _COLOUR.sub("", text)
