r"""Hive's text files as a query of DuckDB: lines, taken apart by expressions.

DuckDB's own reader of CSV knows neither a delimiter that is escaped without quotes nor both
ways of OpenCSV to write a quote (``\"`` and ``""``), and guesses what it is not told. A line is
a row, as Hive has it, also within quotes; fields that a line lacks are null, those that it has
too many are passed over; a blank line is none (of Hive's it is a row of nulls).
"""

from collections.abc import Mapping, Sequence
from typing import Final

from lakehouse_jobs.contract.hive_text import HiveText, HiveTextError

BAD_DATA: Final = "HIVE_BAD_DATA"  # Athena's name of such an error
_NEVER: Final = "\x1e\x1f\x1e"  # between columns: no text has it, so that a line is one
_WHOLE: Final = (r"[+-]?\d+", "CAST({x} AS {type})")
_REAL: Final = (r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|NaN|[+-]?Infinity", "CAST({x} AS {type})")
_BOOLEAN: Final = ("(?i)true|false", "lower({x}) = 'true'")
_TYPES: Final = {  # Glue's type: what is a value of it, and how it is read
    "tinyint": _WHOLE,
    "smallint": _WHOLE,
    "int": _WHOLE,
    "integer": _WHOLE,
    "bigint": _WHOLE,
    "float": _REAL,
    "double": _REAL,
    "boolean": _BOOLEAN,
}
_PLAIN: Final = {
    **_TYPES,
    "decimal": (r"[+-]?(\d+\.?\d*|\.\d+)", "CAST({x} AS {type})"),
    "date": (r"\d{4}-\d\d-\d\d", "CAST({x} AS DATE)"),
    "timestamp": (r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d(\.\d{1,9})?)?", "CAST({x} AS TIMESTAMP)"),
}
_QUOTED: Final = {  # days and milliseconds since 1970
    **_TYPES,
    "date": (r"-?\d+", "DATE '1970-01-01' + CAST({x} AS INTEGER)"),
    "timestamp": (r"-?\d+", "make_timestamp(CAST({x} AS BIGINT) * 1000)"),
}


def query(
    text: HiveText,
    *,
    files: str | None,
    columns: Sequence[tuple[str, str]],
    partitions: Sequence[tuple[str, str]] = (),
) -> str:
    """A query, in brackets, for the rows of some files.

    ``files``: what ``read_csv`` takes, as SQL; None where there is no file. ``columns``: name and
    type as Glue has them, in the order of the fields; ``partitions``: those that the folders
    ``name=value`` tell. Raises :class:`HiveTextError` for a type that is not read.
    """
    folders = ", hive_partitioning = true, hive_types_autocast = false" if partitions else ""
    lines = (
        f"read_csv({files}, columns = {{'line': 'VARCHAR'}}, auto_detect = false, header = false,"
        f" skip = {text.header}, delim = {literal(_NEVER)}, quote = '', escape = ''{folders})"
    )
    if files is None:
        lines = "(SELECT NULL::VARCHAR AS line)"
    known = _QUOTED if text.quoted else _PLAIN
    shown = [
        _typed(name, kind, _value(text, f"fields[{index}]"), known, lenient=text.lenient)
        for index, (name, kind) in enumerate(columns, 1)
    ]
    shown += [_typed(name, kind, _name(name), _PLAIN, lenient=True) for name, kind in partitions]
    also = "".join(f", {_name(name)}" for name, _ in partitions)
    fields = f"SELECT {_fields(text)} AS fields{also} FROM {lines} WHERE line <> ''"  # noqa: S608
    return f"(SELECT {', '.join(shown)} FROM ({fields}))"  # noqa: S608


def literal(text: str) -> str:
    """A text as SQL."""
    return "'" + text.replace("'", "''") + "'"


def _fields(text: HiveText) -> str:
    """The list of a line's fields as they stand in it.

    Patterns take ten times as long as splitting: they are left to lines that need them.
    """
    apart = literal(text.delimiter)
    split = f"string_split(line, {apart})"
    delimiter, escape, quote = (_class(c) for c in (text.delimiter, text.escape, text.quote))
    if text.quoted:
        value = f"[ \\t]*{quote}(?:[^{quote}{escape}]|{escape}.|{quote}{quote})*{quote}[ \\t]*"
        found = _found(f"{delimiter}({value}|[^{delimiter}{quote}]*)", apart)
        bad = f"{BAD_DATA}: a line has a quote that is not closed or stands within a value"
        # What no field took is missing from them.
        whole = (
            f"CASE WHEN array_to_string(f, {apart}) = line THEN f ELSE error({literal(bad)}) END"
        )
        checked = f"list_transform([{found}], lambda f: {whole})[1]"
        return f"CASE WHEN contains(line, {_text(text.quote)}) THEN {checked} ELSE {split} END"
    if text.escape is None:
        return split
    found = _found(f"{delimiter}((?:[^{delimiter}{escape}]|{escape}.|{escape}$)*)", apart)
    return f"CASE WHEN contains(line, {_text(text.escape)}) THEN {found} ELSE {split} END"


def _found(field: str, apart: str) -> str:
    return f"regexp_extract_all({apart} || line, {literal(field)}, 1)"


def _value(text: HiveText, field: str) -> str:
    """A field without its quotes and escapes; null where it says so."""
    escape, quote = _class(text.escape), _class(text.quote)
    if text.quoted:
        inner = f"trim({field}, ' ' || chr(9))"
        bare = f"regexp_replace({inner}[2:-2], {literal(f'{escape}(.)|{quote}({quote})')},"
        quoted = f"contains({field}, {_text(text.quote)})"
        plain = f"replace({field}, {_text(text.escape)}, '')"
        return f"CASE WHEN {quoted} THEN {bare} '\\1\\2', 'g') ELSE {plain} END"
    value = field
    if text.escape is not None:
        bare = f"regexp_replace({field}, {literal(f'{escape}(.)')}, '\\1', 'g')"
        value = f"CASE WHEN contains({field}, {_text(text.escape)}) THEN {bare} ELSE {field} END"
    return f"CASE WHEN {field} <> {_text(text.null)} THEN {value} END"


def _typed(
    name: str, kind: str, value: str, known: Mapping[str, tuple[str, str]], *, lenient: bool
) -> str:
    base, _, size = kind.lower().partition("(")
    if base == "varchar" and size:
        value = f"left({value}, {int(size.rstrip(')'))})"
    if base in ("string", "varchar"):
        return f"{value} AS {_name(name)}"
    if base not in known:
        readable = ", ".join(["string", "varchar", *known])
        raise HiveTextError(f"column {name}: its type {kind} is not read from text, {readable} are")
    pattern, cast = known[base]
    cast = cast.format(x="x", type="decimal(10,0)" if kind.lower() == "decimal" else kind)
    bad = f"{BAD_DATA}: column {name}: no {kind} in a line"
    other = "NULL" if lenient else f"error({literal(bad)})"
    if lenient:
        cast = f"TRY({cast})"
    picked = f"CASE WHEN regexp_full_match(x, {literal(pattern)}) THEN {cast} ELSE {other} END"
    null = f"CASE WHEN x IS NULL THEN NULL ELSE {picked} END"
    return f"list_transform([{value}], lambda x: {null})[1] AS {_name(name)}"


def _class(character: str | None) -> str:
    r"""A character in a regular expression, also within brackets; RE2 knows ``\x{…}``."""
    return "" if character is None else f"\\x{{{ord(character):x}}}"


def _text(character: str | None) -> str:
    return literal(character or "")


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
