import io

import pytest
from rich.console import Console


class Screen(Console):
    def lines(self) -> list[str]:
        assert isinstance(self.file, io.StringIO)
        return self.file.getvalue().splitlines()

    def text(self) -> str:
        return "\n".join(self.lines())


@pytest.fixture
def screen() -> Screen:
    """A terminal of 80 columns without colours."""
    return Screen(file=io.StringIO(), width=80)
