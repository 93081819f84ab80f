"""A real browser for the pages that people open: Debian's Chromium, without a window.

It reaches nothing but the page: no other host resolves, and a page from a file may ask for
no other file.
"""

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PROGRAMS: Final = ("chromium", "chromium-browser")
ABSENT: Final = "no browser on this machine: `apt-get install chromium` (Debian), then again"

_FLAGS: Final = (
    "--headless=new",
    "--no-sandbox",  # which Chromium refuses to have for root; the pages are our own
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--enable-logging=stderr",  # the page's console
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)
_CONSOLE: Final = re.compile(r"(?P<level>\w+):CONSOLE:\d+\] (?P<text>.*)$", re.MULTILINE)
_LONGEST: Final = 120  # seconds of a start on a busy machine


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page as the browser has it once its scripts have run."""

    dom: str
    console: tuple[str, ...]  # what scripts and the browser itself wrote there

    @property
    def text(self) -> str:
        """The DOM without scripts, styles and tags, blanks as one."""
        bare = re.sub(r"(?s)<(script|style)\b.*?</\1>|<[^>]*>", " ", self.dom)
        return " ".join(bare.split())


@dataclass(frozen=True, kw_only=True)
class Browser:
    """Opens pages by their address: ``file://`` or ``http://127.0.0.1``.

    ``settle`` is the page's own time, in milliseconds, that its scripts get; it passes as
    fast as they run.
    """

    program: str
    profile: Path  # an empty folder of the test's own

    def open(self, address: str, *, settle: int = 10_000) -> Page:
        """Load a page, let its scripts run, and hand it over."""
        done = self._run(address, settle, ["--dump-dom"])
        return Page(
            dom=done.stdout,
            console=tuple(found["text"] for found in _CONSOLE.finditer(done.stderr)),
        )

    def picture(
        self, address: str, target: Path, *, settle: int = 10_000, size: str = "1400,1000"
    ) -> None:
        """Write a PNG of what a person would see in a window of that size."""
        self._run(address, settle, [f"--screenshot={target}", f"--window-size={size}"])

    def _run(
        self, address: str, settle: int, what: Sequence[str]
    ) -> subprocess.CompletedProcess[str]:
        profile = f"--user-data-dir={self.profile}"
        time = f"--virtual-time-budget={settle}"
        return subprocess.run(
            [self.program, *_FLAGS, profile, time, *what, address],
            capture_output=True,
            text=True,
            timeout=_LONGEST,
            check=True,
        )


def find_browser(profile: Path) -> Browser | None:
    """The browser that is installed here, or None."""
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    return Browser(program=found, profile=profile) if found else None
