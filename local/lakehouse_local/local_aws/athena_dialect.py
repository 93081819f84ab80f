"""Athena's SQL, read as Athena and written as DuckDB.

AWS: docs.aws.amazon.com/athena/latest/ug/ddl-sql-reference.html (Trino's SQL). ministack
hands the text to DuckDB as it is: what is only DuckDB's works and what is Athena's
fails, the other way round than on AWS. sqlglot's parser lets more through than Trino
takes, so tokens and tree are looked at for that. What Athena accepts and DuckDB cannot
answer fails by name.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from lakehouse_local.local_aws.athena_errors import QueryError, place
from lakehouse_local.local_aws.athena_functions import NAMES_BEFORE_A_BRACKET

# Tokens that are DuckDB's (or another engine's) and no part of Trino's grammar.
_FOREIGN = {
    TokenType.DCOLON: "::",
    TokenType.QUALIFY: "QUALIFY",
    TokenType.ILIKE: "ILIKE",
    TokenType.SEMI: "SEMI",
    TokenType.ANTI: "ANTI",
    TokenType.ASOF: "ASOF",
    TokenType.L_BRACE: "{",
    TokenType.GLOB: "GLOB",
    TokenType.RLIKE: "RLIKE",
    TokenType.PIVOT: "PIVOT",
    TokenType.UNPIVOT: "UNPIVOT",
    TokenType.DIV: "DIV",
    TokenType.TOP: "TOP",
}
# Between two names, FROM first would be read as a query; in these functions it is syntax.
_FROM_INSIDE = frozenset({"extract", "trim", "substring", "position", "overlay", "normalize"})


def parse(query: str, parameters: Sequence[str] = ()) -> exp.Expr:
    """The one statement in the text. Raises :class:`QueryError` for what Athena refuses."""
    text = query.strip().removesuffix(";")
    try:
        tokens = sqlglot.tokenize(text, read="trino")
        _refuse_foreign(text, tokens)
        statements = [s for s in sqlglot.parse(text, read="athena") if s is not None]
    except SqlglotError as error:
        raise _syntax_error(error) from None
    if len(statements) != 1:
        raise QueryError("SYNTAX_ERROR", f"Only one sql statement is allowed. Got: {text[:200]}")
    statement = statements[0]
    _refuse_foreign_forms(statement)
    if reads(statement):
        _refuse_unknown_functions(text, tokens, statement)
    return _with_parameters(statement, parameters)


def reads(statement: exp.Expr) -> bool:
    """Whether a statement is a query, and no DDL or DML."""
    return isinstance(statement, exp.Query | exp.Values)


def write(statement: exp.Expr) -> str:
    """The statement for DuckDB. Raises :class:`QueryError` where there is no way to say it."""
    statement = statement.copy()
    _name_columns(statement)
    for node in list(statement.find_all(exp.DateDiff, exp.Div, exp.Normalize)):
        node.replace(_REWRITTEN[type(node)](node))
    try:
        return statement.sql("duckdb", unsupported_level=sqlglot.ErrorLevel.RAISE)
    except SqlglotError as error:
        raise QueryError("NOT_SUPPORTED", f"the local AWS cannot run this: {error}") from None


def _refuse_foreign(text: str, tokens: list[Token]) -> None:
    selected = [False]  # whether SELECT was seen, for each open bracket
    for index, token in enumerate(tokens):
        before = tokens[index - 1] if index else None
        if token.token_type in _FOREIGN:
            raise _mismatch(text, token, _FOREIGN[token.token_type])
        if token.token_type == TokenType.L_BRACKET and not _subscript(before):
            raise _mismatch(text, token, "[")
        if token.token_type == TokenType.L_PAREN:
            inside = before is not None and before.text.lower() in _FROM_INSIDE
            selected.append(inside)
        elif token.token_type == TokenType.R_PAREN and len(selected) > 1:
            selected.pop()
        elif token.token_type in (TokenType.SELECT, TokenType.DELETE, TokenType.SHOW):
            selected[-1] = True
        elif token.token_type in (TokenType.UNION, TokenType.EXCEPT, TokenType.INTERSECT):
            selected[-1] = False
        elif token.token_type == TokenType.DISTINCT:
            if before is not None and before.token_type == TokenType.IS:
                selected[-1] = True  # IS DISTINCT FROM
        elif token.token_type == TokenType.FROM and not selected[-1]:
            raise _mismatch(text, token, "FROM")


def _subscript(before: Token | None) -> bool:
    """Whether a square bracket after this token is one of Trino's: ARRAY[…] or x[1]."""
    if before is None:
        return False
    known = (TokenType.VAR, TokenType.IDENTIFIER, TokenType.R_PAREN, TokenType.R_BRACKET)
    return before.token_type in (*known, TokenType.ARRAY)


def _refuse_foreign_forms(statement: exp.Expr) -> None:
    for node in statement.walk():
        if isinstance(node, exp.Group) and node.args.get("all") and not node.expressions:
            raise QueryError("SYNTAX_ERROR", "mismatched input 'ALL' after GROUP BY")
        if isinstance(node, exp.Star) and (node.args.get("except_") or node.args.get("replace")):
            raise QueryError("SYNTAX_ERROR", "mismatched input after '*': EXCLUDE or REPLACE")
        if isinstance(node, exp.Distinct) and node.args.get("on"):
            raise QueryError("SYNTAX_ERROR", "mismatched input 'ON' after DISTINCT")


def _refuse_unknown_functions(text: str, tokens: list[Token], statement: exp.Expr) -> None:
    named = {alias.name.lower() for alias in statement.find_all(exp.TableAlias)}
    for token, following in pairwise(tokens):
        if following.token_type != TokenType.L_PAREN or not token.text[:1].isalpha():
            continue
        if token.token_type in (TokenType.STRING, TokenType.IDENTIFIER):
            continue
        name = token.text.lower().split()[-1]  # of GROUPING SETS
        if name not in NAMES_BEFORE_A_BRACKET and name not in named:
            raise QueryError(
                "FUNCTION_NOT_FOUND",
                f"Function '{name}' not registered",
                place=place(text, token.start),
            )


def _with_parameters(statement: exp.Expr, parameters: Sequence[str]) -> exp.Expr:
    """ExecutionParameters in place of ``?``; each is a literal, as in Athena."""
    marks = list(statement.find_all(exp.Placeholder))
    if len(marks) != len(parameters):
        raise QueryError(
            "SYNTAX_ERROR",
            f"Incorrect number of parameters: expected {len(marks)} but found {len(parameters)}",
        )
    for mark, parameter in zip(marks, parameters, strict=True):
        try:
            literal = sqlglot.parse_one(parameter, read="trino")
        except SqlglotError as error:
            raise _syntax_error(error) from None
        mark.replace(literal)
    return statement


def _name_columns(statement: exp.Expr) -> None:
    """Columns without a name are ``_col0``, ``_col1`` … in Athena's results."""
    query = statement
    while isinstance(query, exp.SetOperation | exp.Subquery):
        query = query.this
    if not isinstance(query, exp.Select):
        return
    columns: list[exp.Expr] = []
    for index, column in enumerate(query.expressions):
        unnamed = not isinstance(column, exp.Alias | exp.Column | exp.Star | exp.Dot)
        columns.append(exp.alias_(column, f"_col{index}") if unnamed else column)
    query.set("expressions", columns)


def _date_diff(difference: exp.DateDiff) -> exp.Expr:
    """Athena counts whole units between two moments; DuckDB's date_diff counts boundaries."""
    unit = exp.Literal.string(difference.text("unit").lower() or "day")
    return exp.Anonymous(
        this="date_sub", expressions=[unit, difference.expression, difference.this]
    )


# Athena fails on a division by zero, where DuckDB answers null; doubles give Infinity.
DIVIDE_MACRO = """
CREATE OR REPLACE MACRO athena_divide(a, b) AS CASE
    WHEN b = 0 AND typeof(a) NOT IN ('FLOAT', 'DOUBLE') AND typeof(b) NOT IN ('FLOAT', 'DOUBLE')
    THEN error('DIVISION_BY_ZERO: Division by zero')
    ELSE a / b
END
"""


def _divide(division: exp.Div) -> exp.Expr:
    divisor = division.expression
    if isinstance(divisor, exp.Literal) and not divisor.is_string and float(divisor.this) != 0:
        return division
    if division.find_ancestor(exp.Try):  # null either way
        return division
    call = exp.Anonymous(this="athena_divide", expressions=[division.this, divisor])
    return exp.Dot.build([exp.to_identifier(part) for part in ("memory", "main")] + [call])


def _normalize(call: exp.Normalize) -> exp.Expr:
    """DuckDB knows the composed form alone, Athena's default."""
    form = call.args.get("form")
    if form is not None and form.name.upper() != "NFC":
        raise QueryError("NOT_SUPPORTED", f"the local AWS cannot run normalize(…, {form.name})")
    return exp.Anonymous(this="nfc_normalize", expressions=[call.this])


_REWRITTEN: dict[type[exp.Expr], Callable[..., exp.Expr]] = {
    exp.DateDiff: _date_diff,
    exp.Div: _divide,
    exp.Normalize: _normalize,
}


def _mismatch(text: str, token: Token, shown: str) -> QueryError:
    where = place(text, token.start)
    return QueryError("SYNTAX_ERROR", f"mismatched input '{shown}'", place=where)


def _syntax_error(error: SqlglotError) -> QueryError:
    details = _details(error)
    first = next(details, {})
    where = f"line {first['line']}:{first['col']}" if "line" in first else ""
    text = str(first.get("description") or error).splitlines()[0]
    near = f" near '{first['highlight']}'" if first.get("highlight") else ""
    return QueryError("SYNTAX_ERROR", text + near, place=where)


def _details(error: SqlglotError) -> Iterator[dict[str, object]]:
    yield from getattr(error, "errors", ())
