"""What the Glue catalog says of a Hive table of text files, and what is not understood of it.

docs.aws.amazon.com/athena/latest/ug/lazy-simple-serde.html and csv-serde.html; defaults and
numbers for characters as Hive has them (LazyUtils.getByte). :mod:`.hive_lines` reads such files.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_SERDES: Final = {
    "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe": False,  # whether values are quoted
    "org.apache.hadoop.hive.serde2.OpenCSVSerde": True,
}
_INPUT: Final = "org.apache.hadoop.mapred.TextInputFormat"
_KNOWN: Final = {
    False: ("field.delim", "serialization.format", "escape.delim", "serialization.null.format",
            "line.delim", "collection.delim", "mapkey.delim"),
    True: ("separatorChar", "quoteChar", "escapeChar", "serialization.format"),
}  # fmt: skip
# Of a table's many parameters those that change how files are read, with their harmless values.
_HARMLESS: Final = {
    "skip.footer.line.count": ("0",),
    "projection.enabled": ("false",),
    "serialization.encoding": ("utf-8", "utf8"),
    "line.delim": ("\n",),
}
_PACKED: Final = (".bz2", ".snappy", ".lz4", ".lzo", ".deflate")


class HiveTextError(ValueError):
    """Something of a text table that is not understood, in one sentence."""


@dataclass(frozen=True, kw_only=True)
class HiveText:
    """How the lines of a table's files are read.

    ``quoted``: OpenCSVSerde's values, else LazySimpleSerDe's. ``null``: the text that stands for
    null. ``header``: lines at the start of each file. ``lenient``: what does not fit its column's
    type is null instead of an error.
    """

    quoted: bool
    delimiter: str
    quote: str | None = None
    escape: str | None = None
    null: str | None = None
    header: int = 0
    lenient: bool = True


def is_text(table: Mapping[str, Any]) -> bool:
    """Whether a table of the Glue catalog is kept by one of the two SerDes."""
    return _library(table) in _SERDES


def described(table: Mapping[str, Any]) -> HiveText:
    """How a text table of the Glue catalog is read. Raises :class:`HiveTextError`."""
    storage = table.get("StorageDescriptor") or {}
    own = (storage.get("SerdeInfo") or {}).get("Parameters") or {}
    quoted = _SERDES[_library(table)]
    given: dict[str, str] = {**(table.get("Parameters") or {}), **own}
    for name in own:
        if name not in _KNOWN[quoted] and name not in _HARMLESS:
            known = ", ".join(_KNOWN[quoted])
            raise HiveTextError(f"SerDe property {name}: it is not understood, {known} are")
    for name, harmless in _HARMLESS.items():
        if name in given and given[name].lower() not in harmless:
            raise HiveTextError(f"{name}: got {given[name]!r}; understood: {harmless[0]!r}")
    kind = storage.get("InputFormat") or _INPUT
    if kind != _INPUT:
        raise HiveTextError(f"InputFormat {kind}: it is not understood, {_INPUT} is")
    header = given.get("skip.header.line.count", "0")
    if not header.isdecimal():
        raise HiveTextError(f"skip.header.line.count: got {header!r}; allowed: a number of lines")
    return _quoted(given, int(header)) if quoted else _plain(given, int(header))


def refuse_packed(file: str) -> None:
    """Raise :class:`HiveTextError` for a file that Hive unpacks and this reader does not."""
    if file.lower().endswith(_PACKED):
        raise HiveTextError(f"{file}: of packed files .gz and .zst are read")


def _library(table: Mapping[str, Any]) -> str:
    serde = (table.get("StorageDescriptor") or {}).get("SerdeInfo") or {}
    return serde.get("SerializationLibrary", "")


def _plain(given: Mapping[str, str], header: int) -> HiveText:
    default = given.get("serialization.format", "1")
    return HiveText(
        quoted=False,
        delimiter=_character("field.delim", given.get("field.delim", default)),
        escape=_character("escape.delim", given["escape.delim"])
        if "escape.delim" in given
        else None,
        null=given.get("serialization.null.format", "\\N"),
        header=header,
    )


def _quoted(given: Mapping[str, str], header: int) -> HiveText:
    quote = _character("quoteChar", given.get("quoteChar", '"'), numbers=False)
    escape = _character("escapeChar", given.get("escapeChar", "\\"), numbers=False)
    if escape == '"':  # Hive's own default for writing; its reader takes it for the backslash
        escape = "\\"
    delimiter = _character("separatorChar", given.get("separatorChar", ","), numbers=False)
    if len({delimiter, quote, escape}) < 3:
        raise HiveTextError(
            f"separatorChar, quoteChar, escapeChar: got {delimiter!r}, {quote!r}, {escape!r};"
            " allowed: three different characters"
        )
    lenient = given.get("use.null.for.invalid.data", "false").lower() == "true"
    return HiveText(
        quoted=True,
        delimiter=delimiter,
        quote=quote,
        escape=escape,
        header=header,
        lenient=lenient,
    )


def _character(name: str, text: str, *, numbers: bool = True) -> str:
    """One character; LazySimpleSerDe also takes its number for it."""
    if numbers and text.isdecimal() and int(text) < 128:
        return chr(int(text))
    if len(text) != 1:
        allowed = "one character, or its number" if numbers else "one character"
        raise HiveTextError(f"{name}: got {text!r}; allowed: {allowed}")
    return text
