"""One item of the run times: a folder, made aside and put in its place when complete.

The folder is a link to a version (``.versions/<name>-<digest>``). A run time that is made
again while a lakehouse runs does not pull the packages away from under it, and one that
was interrupted is never seen.
"""

import hashlib
import shutil
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_STAMP: Final = ".complete"
_LIMIT: Final = 3600.0  # seconds that a tool may take; on a slow network some take many minutes


class RuntimesError(RuntimeError):
    """An item could not be made: one line with its name and the cause."""


@dataclass(frozen=True, kw_only=True)
class Missing:
    """An item that `lakehouse_local.runtimes.ensure` would make."""

    name: str
    megabytes: int  # on disk
    what: str


class Item(ABC):
    """A folder made from pinned inputs, complete only once its stamp is written."""

    name: str
    what: str
    megabytes: int
    folder: Path

    @abstractmethod
    def inputs(self) -> Sequence[str]:
        """Everything the folder's content depends on; a change makes it again."""

    @abstractmethod
    def fill(self, folder: Path) -> None:
        """Fill ``folder``, which is absent; it stays where it is afterwards."""

    def is_complete(self) -> bool:
        """Whether the folder was made to its end, from these inputs."""
        stamp = self.folder / _STAMP
        return stamp.exists() and stamp.read_text() == self._digest()

    def make(self) -> None:
        """Make a new version and put it in place of the present one."""
        versions = self.folder.parent / ".versions"
        versions.mkdir(parents=True, exist_ok=True)
        made = versions / f"{self.folder.name}-{self._digest()[:16]}"
        if not (made / _STAMP).exists():
            shutil.rmtree(made, ignore_errors=True)
            self.fill(made)
            (made / _STAMP).write_text(self._digest())
        if self.folder.is_dir() and not self.folder.is_symlink():
            self.folder.rename(versions / f"{self.folder.name}-before")
        before = self.folder.resolve()
        link = versions / f"{self.folder.name}.link"
        link.unlink(missing_ok=True)
        link.symlink_to(made.relative_to(self.folder.parent))
        link.rename(self.folder)
        for old in versions.glob(f"{self.folder.name}-*"):
            # The last version but one may still be in use.
            if old not in (made, before):
                shutil.rmtree(old, ignore_errors=True)

    def run(
        self,
        argv: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> str:
        """Run a tool and return its output; its last lines, as one, when it fails."""
        try:
            done = subprocess.run(
                [str(word) for word in argv],
                env=None if env is None else dict(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_LIMIT,
                check=False,
            )
        except OSError as error:
            raise RuntimesError(f"{self.name}: {argv[0]} cannot be run: {error}") from error
        except subprocess.TimeoutExpired:
            raise RuntimesError(
                f"{self.name}: {argv[0]} had not ended after {_LIMIT:g} s and was stopped"
            ) from None
        if done.returncode != 0:
            raise RuntimesError(f"{self.name}: {self.cause(done.stderr + done.stdout)}")
        return done.stdout

    def cause(self, output: str) -> str:
        """One line from the output of a tool that failed."""
        lines = [line.strip() for line in output.splitlines() if line.strip()]
        return f"not made: {' '.join(lines)[:600] or 'the tool said nothing'}"

    def _digest(self) -> str:
        return hashlib.sha256("\0".join(self.inputs()).encode()).hexdigest()
