"""What goes wrong on request: rules that spoil the next answers to matching requests.

A rule names a path (regular expression, searched in the path with its query), a method, how
many requests to let pass first (``after``) and how many to spoil (``times``). Actions:

``error``    answer ``status`` with ``code``, ``message`` and ``headers``; with ``lost`` the
             request is carried out first, so that its answer got lost
``drop``     close the connection without an answer
``cut``      close it after ``bytes`` of the body (default: half, or 64 where it is compressed)
``truncate`` leave out the last rows of a bulk page; lengths agree, only
             ``Sforce-NumberOfRecords`` tells
``garble``   put bytes that are no UTF-8 into a value of a bulk page
``wait``     answer ``seconds`` late
``stall``    send ``bytes`` of the body (default: as cut), then nothing for ``seconds``
``fail_job`` the bulk job that is being made ends ``Failed`` (``message`` may be null)
``abort_job`` … ends ``Aborted``, as if somebody had stopped it; so does a running job that is
             asked for
``expire_job`` the job that is asked for is gone before the answer (404), as after seven days
"""

import re
import threading
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final

ACTIONS: Final = frozenset(
    {
        *("error", "drop", "cut", "truncate", "garble", "wait", "stall"),
        *("fail_job", "abort_job", "expire_job"),
    }
)
_USUAL: Final[dict[int, tuple[str, str]]] = {
    400: ("API_ERROR", "Internal server error"),
    401: ("INVALID_SESSION_ID", "Session expired or invalid"),
    403: ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    404: ("NOT_FOUND", "The requested resource does not exist"),
    429: ("REQUEST_LIMIT_EXCEEDED", "Too many requests"),
    500: ("UNKNOWN_EXCEPTION", "An unexpected error occurred"),
    503: ("SERVER_UNAVAILABLE", "Server is busy, try again later"),
}


@dataclass(kw_only=True)
class Mood:
    """One rule. ``times`` counts down."""

    action: str = "error"
    path: str = "."
    method: str = ""  # empty: any
    times: int = 1
    after: int = 0
    status: int = 503
    code: str = ""
    message: str | None = ""
    headers: dict[str, str] = field(default_factory=dict)
    lost: bool = False
    bytes: int | None = None
    seconds: float = 30.0
    id: int = 0

    def __post_init__(self) -> None:
        if self.action not in ACTIONS:
            raise ValueError(f"action: got {self.action!r}; allowed: {', '.join(sorted(ACTIONS))}")
        try:
            re.compile(self.path)
        except re.error as error:
            raise ValueError(f"path: {self.path!r} is no regular expression: {error}") from None
        usual = _USUAL.get(self.status, ("UNKNOWN_EXCEPTION", "An unexpected error occurred"))
        self.code = self.code or usual[0]
        if self.action == "error":
            self.message = self.message or usual[1]

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Mood":
        """From a request. Raises ValueError with a message that names what is allowed."""
        allowed = {each.name for each in fields(cls)} - {"id"}
        unknown = sorted(set(values) - allowed)
        if unknown:
            raise ValueError(f"unknown key {unknown[0]!r}; allowed: {', '.join(sorted(allowed))}")
        return cls(**values)

    def to_json(self) -> dict[str, Any]:
        """As the control endpoint shows it."""
        return asdict(self)


class Moods:
    """The rules in force, oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Mood] = []
        self._next = 1

    def add(self, mood: Mood) -> Mood:
        """Put a rule in force."""
        with self._lock:
            mood.id = self._next
            self._next += 1
            self._rules.append(mood)
        return mood

    def clear(self) -> None:
        """Forget all rules."""
        with self._lock:
            self._rules.clear()

    def all(self) -> list[Mood]:
        """The rules that are not used up."""
        with self._lock:
            return [mood for mood in self._rules if mood.times > 0]

    def take(self, method: str, path: str) -> Mood | None:
        """The first rule for a request, counted down; None for a request to leave alone."""
        with self._lock:
            for mood in self._rules:
                if mood.times <= 0 or (mood.method and mood.method.upper() != method):
                    continue
                if re.search(mood.path, path) is None:
                    continue
                if mood.after > 0:
                    mood.after -= 1
                    continue
                mood.times -= 1
                return mood
        return None
