"""What an engine says in its own way; all else sqlglot writes from one expression.

sqlglot passes functions that it does not know through without an error, so each thing here
has a test that runs its text.
"""

from typing import Final

from sqlglot import exp

from lakehouse_tools.comparison.model import Precision

# Microseconds from year 1 to 1970: the sum is positive, so that // rounds down.
_YEAR_1: Final = 62_135_596_800_000_000
_CHOSEN: Final = "chosen"
_MICROSECONDS: Final = {
    Precision.MICROSECOND: 1,
    Precision.MILLISECOND: 1_000,
    Precision.SECOND: 1_000_000,
    Precision.MINUTE: 60_000_000,
    Precision.DAY: 86_400_000_000,
}


class Dialect:
    """Athena's words; the others override them."""

    name = "athena"
    # Bytes of a query: docs.aws.amazon.com/athena/latest/ug/service-limits.html
    longest = 262_144

    def write(self, query: exp.Expr) -> str:
        """The text for the engine."""
        return query.sql(self.name)

    def composed(self, text: exp.Expr) -> exp.Expr:
        """Unicode in its composed form, NFC."""
        return exp.Anonymous(this="normalize", expressions=[text, exp.var("NFC")])

    def at_snapshot(self, table: exp.Table, snapshot: int) -> exp.Table:
        """An Iceberg table as it was at a snapshot."""
        pinned = table.copy()
        version = exp.Version(this="VERSION", kind="AS OF", expression=exp.Literal.number(snapshot))
        pinned.set("version", version)
        return pinned


class DuckDb(Dialect):
    """DuckDB's words."""

    name = "duckdb"
    longest = 32_768  # beyond, its planner takes more than twice the time for twice the text

    def composed(self, text: exp.Expr) -> exp.Expr:
        """Unicode in its composed form, NFC."""
        return exp.func("nfc_normalize", text)

    def hash(self, values: list[exp.Expr]) -> exp.Expr:
        """64 bits over several values; null, NaN and -0 have their place in it."""
        return exp.Anonymous(this="hash", expressions=values)

    def bucket(self, hashed: exp.Expr, *, bits: int) -> exp.Expr:
        """The first bits of a hash, as a number."""
        return _filled(f"cast(__x >> {64 - bits} as integer)", hashed)

    def choose(self, numbers: exp.Query, *, bits: int) -> str:
        """The statement that makes the set that :meth:`chosen` asks."""
        last = 2**bits - 1
        query = exp.select(f"bitstring_agg(b, 0, {last})").from_(numbers.subquery("s"))
        return f"SET VARIABLE {_CHOSEN} = ({self.write(query)})"

    def chosen(self, number: exp.Expr) -> exp.Expr:
        """Whether a number is in the set.

        A set of bits that is a constant, not a subquery: so DuckDB asks it while it scans,
        and does not decode the other columns of rows that are not in it.
        """
        return _filled(f"get_bit(getvariable('{_CHOSEN}'), __x) = 1", number)

    def hashable(self, time: exp.Expr, precision: Precision) -> exp.Expr:
        """A timestamp as a number that is equal where the cut timestamps are.

        DuckDB's date_trunc costs twice as much as all the rest of the hash.
        """
        moved = f"(epoch_us(__x) + {_YEAR_1}) // {_MICROSECONDS[precision]}"
        return _filled(moved, time)


def _filled(template: str, value: exp.Expr) -> exp.Expr:
    import sqlglot

    tree = sqlglot.parse_one(template, read="duckdb")
    return tree.transform(
        lambda node: value.copy() if isinstance(node, exp.Column) and node.name == "__x" else node
    )
