"""SOQL as text: tokens with their places, and the errors that Salesforce words around them."""

import re
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<string>'(?:\\.|[^'\\])*')
  | (?P<instant>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:[zZ]|[+-]\d\d:?\d\d))
  | (?P<date>\d{4}-\d\d-\d\d)
  | (?P<number>[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
  | (?P<word>[A-Za-z_][\w.]*)
  | (?P<sign><=|>=|!=|<>|[=<>(),:])
    """,
    re.VERBOSE,
)
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_HINT: Final = (
    "If you are attempting to use a custom {0}, be sure to append the '__c' after the {1}. "
    "Please reference your WSDL or the describe call for the appropriate names."
)


class SoqlError(Exception):
    """A query that Salesforce refuses. ``code`` is its errorCode."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Token:
    """A piece of a query. ``kind`` is a group name of the pattern above, or ``end``."""

    kind: str
    text: str
    at: int

    @property
    def word(self) -> str:
        """The keyword it may be, in upper case."""
        return self.text.upper() if self.kind == "word" else ""


def tokens(query: str) -> list[Token]:
    """All tokens of a query and an ``end`` token. Raises MALFORMED_QUERY."""
    found: list[Token] = []
    at = 0
    while at < len(query):
        match = _TOKEN.match(query, at)
        if match is None or match.lastgroup is None:
            raise unexpected(query, Token("other", query[at], at))
        if match.lastgroup != "space":
            found.append(Token(match.lastgroup, match.group(), at))
        at = match.end()
    return [*found, Token("end", "<EOF>", len(query))]


def string_value(token: Token) -> str:
    """The text between the quotes, escapes resolved."""
    return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), token.text[1:-1], flags=re.DOTALL)


def unexpected(query: str, token: Token) -> SoqlError:
    """MALFORMED_QUERY at a token."""
    what = "unexpected end of input" if token.kind == "end" else None
    return SoqlError(
        "MALFORMED_QUERY", _where(query, token.at) + (what or f"unexpected token: '{token.text}'")
    )


def no_such_column(query: str, token: Token, entity: str) -> SoqlError:
    """INVALID_FIELD for a field that the object lacks or the user may not see."""
    return SoqlError(
        "INVALID_FIELD",
        f"{_where(query, token.at)}No such column '{token.text}' on entity '{entity}'. "
        + _HINT.format("field", "custom field name"),
    )


def no_such_object(query: str, token: Token) -> SoqlError:
    """INVALID_TYPE for an object that the org lacks or the user may not see."""
    return SoqlError(
        "INVALID_TYPE",
        f"{_where(query, token.at)}sObject type '{token.text}' is not supported. "
        + _HINT.format("object", "entity name"),
    )


def refused(query: str, token: Token, why: str, code: str = "INVALID_FIELD") -> SoqlError:
    """A query that is well formed and not allowed."""
    return SoqlError(code, _where(query, token.at) + why)


def _where(query: str, at: int) -> str:
    """The lines that Salesforce sets before an error: the place, an arrow, row and column."""
    start = query.rfind("\n", 0, at) + 1
    end = query.find("\n", at)
    end = len(query) if end < 0 else end
    left, right = max(start, at - 60), min(end, at + 60)
    row, column = query.count("\n", 0, at) + 1, at - start + 1
    arrow = " " * (at - left) + "^"
    return f"\n{query[left:right]}\n{arrow}\nERROR at Row:{row}:Column:{column}\n"
