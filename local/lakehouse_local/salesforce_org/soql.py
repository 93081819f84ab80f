"""The part of SOQL that the demo org answers, parsed.

``SELECT fields | COUNT() FROM Object [WHERE …] [ORDER BY …] [LIMIT n] [OFFSET n]``, with
``= != < <= > >= IN NOT IN LIKE``, ``AND OR NOT`` and brackets. What is left out (relationship
fields, subqueries, aggregates, date functions) is refused as not supported, never misread.
"""

from dataclasses import dataclass, field
from typing import Final

from lakehouse_local.salesforce_org.soql_text import SoqlError, Token, refused, tokens, unexpected

_SIGNS: Final = frozenset({"=", "!=", "<>", "<", "<=", ">", ">="})
_LITERALS: Final = frozenset({"string", "instant", "date", "number"})
_CONSTANTS: Final = frozenset({"NULL", "TRUE", "FALSE"})


@dataclass(frozen=True)
class Compare:
    """``field operator value``; IN and NOT IN carry several values."""

    field: Token
    operator: str
    values: tuple[Token, ...]


@dataclass(frozen=True)
class Combine:
    """Conditions joined by AND or OR, or one condition negated by NOT."""

    operator: str
    parts: tuple["Condition", ...]


Condition = Compare | Combine


@dataclass(frozen=True)
class Order:
    """One entry of ORDER BY."""

    field: Token
    descending: bool
    nulls_first: bool


@dataclass(frozen=True, kw_only=True)
class Query:
    """A parsed query. ``count`` stands for ``SELECT COUNT()``."""

    text: str
    fields: tuple[Token, ...]
    count: bool
    entity: Token
    where: Condition | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int | None = None


def parse(text: str, *, limit: int = 100_000) -> Query:
    """Parse a query of at most ``limit`` characters. Raises :class:`~.soql_text.SoqlError`."""
    if len(text) > limit:
        why = f"SOQL statements can not be longer than {limit} characters"
        raise SoqlError("MALFORMED_QUERY", why)
    return _Parser(text, tokens(text)).query()


@dataclass
class _Parser:
    text: str
    tokens: list[Token]
    position: int = field(default=0)

    @property
    def here(self) -> Token:
        return self.tokens[self.position]

    def take(self) -> Token:
        token = self.here
        self.position = min(self.position + 1, len(self.tokens) - 1)
        return token

    def accept(self, *texts: str) -> bool:
        if self.here.word in texts or (self.here.kind == "sign" and self.here.text in texts):
            self.take()
            return True
        return False

    def expect(self, *texts: str) -> None:
        if not self.accept(*texts):
            raise unexpected(self.text, self.here)

    def name(self) -> Token:
        if self.here.kind != "word":
            if self.here.text == "(":
                raise self.unsupported("child-to-parent subqueries")
            raise unexpected(self.text, self.here)
        token = self.take()
        if "." in token.text:
            raise refused(
                self.text, token, "The demo org does not follow relationships", "MALFORMED_QUERY"
            )
        if self.here.text == "(":
            raise self.unsupported(f"the function {token.text}()")
        return token

    def unsupported(self, what: str) -> Exception:
        why = f"The demo org does not support {what}"
        return refused(self.text, self.here, why, "MALFORMED_QUERY")

    def query(self) -> Query:
        self.expect("SELECT")
        count = self.here.word == "COUNT" and self.tokens[self.position + 1].text == "("
        fields: list[Token] = []
        if count:
            self.take()
            self.expect("(")
            self.expect(")")
        else:
            fields.append(self.name())
            while self.accept(","):
                fields.append(self.name())
        self.expect("FROM")
        entity = self.name()
        result = Query(
            text=self.text,
            fields=tuple(fields),
            count=count,
            entity=entity,
            where=self.either() if self.accept("WHERE") else None,
            order=tuple(self.ordering()) if self.accept("ORDER") else (),
            limit=self.number() if self.accept("LIMIT") else None,
            offset=self.number() if self.accept("OFFSET") else None,
        )
        if self.here.word in ("GROUP", "HAVING", "WITH", "FOR", "USING"):
            raise self.unsupported(self.here.word)
        if self.here.kind != "end":
            raise unexpected(self.text, self.here)
        return result

    def number(self) -> int:
        token = self.take()
        if token.kind != "number" or not token.text.isdecimal():
            raise unexpected(self.text, token)
        return int(token.text)

    def ordering(self) -> list[Order]:
        self.expect("BY")
        result = []
        while True:
            name = self.name()
            descending = not self.accept("ASC") and self.accept("DESC")
            nulls_first = True
            if self.accept("NULLS"):
                nulls_first = self.here.word == "FIRST"
                self.expect("FIRST", "LAST")
            result.append(Order(name, descending, nulls_first))
            if not self.accept(","):
                return result

    def either(self) -> Condition:
        """Conditions joined by AND, or by OR: SOQL wants brackets to mix the two."""
        first = self.single()
        operator = self.here.word
        if operator not in ("AND", "OR"):
            return first
        parts = [first]
        while self.accept(operator):
            parts.append(self.single())
        if self.here.word in ("AND", "OR"):
            raise unexpected(self.text, self.here)
        return Combine(operator, tuple(parts))

    def single(self) -> Condition:
        if self.accept("NOT"):
            return Combine("NOT", (self.single(),))
        if self.accept("("):
            inside = self.either()
            self.expect(")")
            return inside
        return self.comparison()

    def comparison(self) -> Compare:
        name = self.name()
        if self.here.text in _SIGNS:
            operator = self.take().text.replace("<>", "!=")
            return Compare(name, operator, (self.value(),))
        if self.accept("LIKE"):
            return Compare(name, "LIKE", (self.value(),))
        negated = self.accept("NOT")
        if not self.accept("IN"):
            raise unexpected(self.text, self.here)
        self.expect("(")
        values = [self.value()]
        while self.accept(","):
            values.append(self.value())
        self.expect(")")
        return Compare(name, "NOT IN" if negated else "IN", tuple(values))

    def value(self) -> Token:
        if self.here.word == "SELECT":
            raise self.unsupported("subqueries")
        if self.here.kind not in _LITERALS and self.here.word not in _CONSTANTS:
            raise unexpected(self.text, self.here)
        return self.take()
