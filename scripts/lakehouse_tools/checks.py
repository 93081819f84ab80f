"""Checks that a person waits for: each tried once, timed, and none of them with a secret in it."""

import base64
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final
from urllib.parse import quote, quote_plus

from lakehouse_tools.environment import Environment, aws_errors

_HIDDEN: Final = "***"
_SHORTEST: Final = 4  # of a secret's line that is worth hiding; shorter ones would hide words


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing tried and how it went. ``passed`` None: nothing wrong, but worth saying."""

    name: str
    passed: bool | None
    text: str
    remedy: str | None = None
    seconds: float = 0.0


class CheckFailedError(Exception):
    """What a check found wrong, and what to do about it."""

    def __init__(self, text: str, remedy: str | None = None) -> None:
        super().__init__(text)
        self.remedy = remedy


class Note(Exception):  # noqa: N818 - no error: it ends a check that has something to say
    """What a check found that stands in nobody's way."""

    def __init__(self, text: str, remedy: str | None = None) -> None:
        super().__init__(text)
        self.remedy = remedy


class Secrets:
    """Values that no text may repeat, in whatever form the other side sent them back."""

    def __init__(self) -> None:
        self._forms: set[str] = set()

    def learn(self, values: Iterable[str | None], *, user: str = "") -> None:
        """Hide these from now on; ``user`` is the name that goes with them in HTTP Basic."""
        for value in filter(None, values):
            lines = [value, " ".join(value.split()), *value.splitlines()]
            for line in lines:
                if len(line) < _SHORTEST:
                    continue
                self._forms |= {line, quote(line), quote(line, safe=""), quote_plus(line)}
                self._forms.add(json.dumps(line)[1:-1])
                self._forms.add(base64.b64encode(line.encode()).decode())
                if user:
                    self._forms.add(base64.b64encode(f"{user}:{line}".encode()).decode())

    def hide(self, text: str) -> str:
        """The text in one line, without any of them."""
        text = " ".join(text.split())
        for form in sorted(self._forms, key=len, reverse=True):
            text = text.replace(form, _HIDDEN)
        return text


def attempt(
    name: str,
    environment: Environment,
    secrets: Secrets,
    tried: Callable[[], str],
    *,
    remedy: str | None = None,
) -> Check:
    """Try one thing. ``remedy``: where what is raised brings none of its own."""
    began = time.monotonic()
    passed: bool | None = True
    own: str | None = None
    try:
        with aws_errors(environment):
            text = tried()
    except Note as note:
        passed, text, own = None, str(note), note.remedy
    except CheckFailedError as error:
        passed, text, own = False, str(error), error.remedy
    except Exception as error:
        passed, text, own = False, str(error) or type(error).__name__, remedy
    return Check(
        name=name,
        passed=passed,
        text=secrets.hide(text),
        remedy=secrets.hide(own) if own else None,
        seconds=time.monotonic() - began,
    )


def as_json(environment: Environment, checks: Iterable[Check], **more: Any) -> str:
    """``{"environment", "passed", "checks": [{name, passed, text, remedy, seconds}]}``."""
    found: list[Mapping[str, Any]] = [
        {**asdict(check), "seconds": round(check.seconds, 2)} for check in checks
    ]
    passed = all(check["passed"] is not False for check in found)
    answer = {"environment": environment.name, "passed": passed, "checks": found, **more}
    return json.dumps(answer, indent=2, ensure_ascii=False)
