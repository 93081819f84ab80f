"""Seconds by phase, for people and for benchmarks."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Phases:
    """A stopwatch with a name for each phase; phases may be added from elsewhere."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.seconds: dict[str, float] = {}

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        """Time what happens inside, also when it fails."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.add(name, time.monotonic() - began)

    def add(self, name: str, seconds: float) -> None:
        """A phase that was measured elsewhere."""
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds

    @property
    def total(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._began

    def write(self, path: Path, **more: Any) -> None:
        """As JSON: ``{"seconds": {phase: …}, "total_seconds": …}`` and what is added."""
        rounded = {name: round(value, 2) for name, value in self.seconds.items()}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            json.dumps(
                {"seconds": rounded, "total_seconds": round(self.total, 2), **more},
                indent=2,
                default=str,
            )
            + "\n",
            encoding="utf-8",
        )
