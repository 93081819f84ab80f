"""The comparison of two tables against its floor: hashing every column of both sides once.

    make bench-compare
    make bench-compare ARGS="--rows 5000000 --rounds 3"
    make bench-compare ARGS="--peers"      # pointblank and datacompy beside it
    make bench-compare ARGS="--data FOLDER"  # the tables are kept there for the next time

Both sides are Parquet files of 30 columns in different orders; 0.1 % of the rows differ in one
cell, 0.02 % are missing and 0.02 % are extra. Each measurement is a process of its own: CPU
seconds, wall clock and the greatest memory, as medians. The answer is checked each time; exit
status 1 where the comparison takes more than 1 GB or three times the floor's CPU.
Peers run in environments of their own (benchmarks/locks), with all the memory there is.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from peers import environment_of

from lakehouse_tools.comparison.memory import MEMORY

COLUMNS = {
    "id": "'001' || lpad(printf('%x', i), 15, '0')",
    **{f"text_{n}": f"word(i, {n}) || ' ' || num(i, {n})" for n in range(8)},
    **{f"pick_{n}": f"CASE WHEN num(i, {n}) % 4 > 0 THEN word(i, {n + 20}) END" for n in range(7)},
    **{f"lookup_{n}": f"'005' || lpad((num(i, {n}) % 500)::varchar, 15, '0')" for n in range(2)},
    **{f"amount_{n}": f"(num(i, {n}) / 100.0)::decimal(18,2)" for n in range(3)},
    **{f"ratio_{n}": f"sqrt(num(i, {n})::double)" for n in range(2)},
    "employees": "num(i, 40) % 50000",
    **{f"flag_{n}": f"num(i, {n}) % 2 = 0" for n in range(2)},
    "day": "DATE '2020-01-01' + (num(i, 41) % 2000)::int",
    **{
        f"moment_{n}": f"TIMESTAMPTZ '2020-01-01' + INTERVAL (num(i, {n}) * 137) MILLISECOND"
        for n in range(3)
    },
}
MOST_CPU, MOST_GB = 3.0, 1.0  # of the comparison: times the floor, peak RSS
CHANGES = {
    "text": "{c} || '~'",
    "pick": "coalesce({c}, '') || '~'",
    "amount": "{c} + 1",
    "ratio": "{c} + 1",
    "flag": "NOT {c}",
}


def tables(rows: int, folder: Path) -> Path:
    """The folder of both sides with so many rows in ``folder``, made unless it is there."""
    made = folder / f"{rows}"
    if not made.exists():
        begun = Path(tempfile.mkdtemp(prefix=f"{rows}-", dir=folder))
        generate(rows, begun)
        begun.rename(made)
    return made


def differing(rows: int) -> dict[str, int]:
    """How many keys of the tables differ."""
    missing = len(range(5, rows, 5000))
    return {"changed": len(range(7, rows, 1000)), "only_old": missing, "only_new": rows // 5000}


def generate(rows: int, folder: Path) -> None:
    """Write both sides."""
    import duckdb

    db = duckdb.connect()
    db.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
    words = "['Acme','Borealis','Cobalt','Dune','Élan','Fjord','Grüne','Harbor','Indigo']"
    db.execute("CREATE MACRO num(i, k) AS (hash(i * 1000003 + k) % 1000000)::bigint")
    db.execute(f"CREATE MACRO word(i, k) AS {words}[1 + num(i, k) % 9]")
    source = ", ".join(f"{sql} AS {name}" for name, sql in COLUMNS.items())
    changed = [name for name in COLUMNS if name.split("_")[0] in CHANGES]
    cells = []
    for name in COLUMNS:
        if name not in changed:
            cells.append(name)
            continue
        other = CHANGES[name.split("_")[0]].format(c=name)
        mine = f"i % 1000 = 7 AND (i // 1000) % {len(changed)} = {changed.index(name)}"
        cells.append(f"CASE WHEN {mine} THEN {other} ELSE {name} END AS {name}")
    for side in ("old", "new"):
        (folder / side).mkdir()
    db.execute(f"COPY (SELECT {source} FROM range({rows}) t(i)) TO '{folder}/old/t.parquet'")
    extra = rows // 5000
    db.execute(
        f"COPY (SELECT {', '.join(cells)} FROM (SELECT i, {source} FROM range({rows + extra}) t(i))"
        f" WHERE NOT (i < {rows} AND i % 5000 = 5) ORDER BY hash(id)) TO '{folder}/new/t.parquet'"
    )


def floor(folder: Path, memory: str) -> dict[str, int]:
    """Hash every column of both sides once."""
    import duckdb

    db = duckdb.connect()
    db.execute(f"SET TimeZone = 'UTC'; SET memory_limit = '{memory}'")
    db.execute("SET preserve_insertion_order = false")
    for side in ("old", "new"):
        names = ", ".join(COLUMNS)
        db.execute(f"SELECT bit_xor(hash({names})) FROM '{folder}/{side}/t.parquet'").fetchall()
    return {}


def ours(folder: Path, memory: str) -> dict[str, int]:
    """The comparison's rows and cells, as `lakehouse compare` makes them."""
    from lakehouse_tools.comparison.engines.duck import DuckDbEngine
    from lakehouse_tools.comparison.reading import config_of
    from lakehouse_tools.comparison.rows import compare_rows
    from lakehouse_tools.comparison.sides import Sides
    from lakehouse_tools.comparison.sql.sides import PairSql

    columns = {name: {} for name in COLUMNS if name != "id"}
    table = {"old": "t", "new": "t", "key": {"id": {}}, "columns": columns}
    sides = {side: {"folder": str(folder / side)} for side in ("old", "new")}
    (pair,) = config_of(json.dumps({**sides, "tables": [table]}), where="benchmark").pairs
    with DuckDbEngine(memory=memory) as engine:
        old, new = (engine.open(Sides().find(side)) for side in (pair.old, pair.new))
        found = compare_rows(engine, PairSql(pair=pair, old=old, new=new, dialect=engine.dialect))
    return {name: getattr(found, name) for name in ("changed", "only_old", "only_new")}


def pointblank(folder: Path, memory: str) -> dict[str, int]:
    """Pointblank's comparison by key, on DuckDB."""
    import duckdb
    import pointblank as pb  # pyright: ignore[reportMissingImports]

    del memory
    db = duckdb.connect()
    db.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
    old, new = (db.read_parquet(f"{folder}/{side}/t.parquet") for side in ("old", "new"))
    near = {"atol": 1e-9, "rtol": 1e-9}
    found = pb.compare(old, new, keys="id", tolerance=near, schema="common")
    return {
        "changed": int(found.n_changed),
        "only_old": int(found.n_missing),
        "only_new": int(found.n_extra),
    }


def datacompy(folder: Path, memory: str) -> dict[str, int]:
    """Datacompy's comparison by key, on Polars."""
    import datacompy  # pyright: ignore[reportMissingImports]
    import polars  # pyright: ignore[reportMissingImports]

    del memory
    old, new = (polars.read_parquet(f"{folder}/{side}/t.parquet") for side in ("old", "new"))
    found = datacompy.PolarsCompare(old, new, join_columns="id", abs_tol=1e-9, rel_tol=1e-9)
    return {
        "changed": len(found.intersect_rows) - found.count_matching_rows(),
        "only_old": len(found.df1_unq_rows),
        "only_new": len(found.df2_unq_rows),
    }


PEERS = {"pointblank": pointblank, "datacompy": datacompy}
VARIANTS = {"floor": floor, "compare": ours, **PEERS}


def measure(variant: str, folder: Path, memory: str) -> dict[str, float]:
    """One variant in a process of its own."""
    python = str(environment_of(variant)) if variant in PEERS else sys.executable
    began = time.monotonic()
    command = [python, __file__, "--one", variant, str(folder), "--memory", memory]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ)
    return {**json.loads(done.stdout.splitlines()[-1]), "wall": time.monotonic() - began}


def one(variant: str, folder: Path, memory: str) -> None:
    """Run a variant and print what it took."""
    answer = VARIANTS[variant](folder, memory)
    used = resource.getrusage(resource.RUSAGE_SELF)
    # Not ru_maxrss, which begins at what the parent had.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    highest = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    cpu, memory_used = used.ru_utime + used.ru_stime, int(highest.split()[1]) / 1e6
    print(json.dumps({"answer": answer, "cpu": cpu, "gb": memory_used}))


def main() -> None:
    """Generate, measure in turns, print the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", default=MEMORY, help="DuckDB's limit")
    parser.add_argument("--data", type=Path, help="keep the tables there for the next time")
    parser.add_argument("--peers", action="store_true", help="pointblank and datacompy too")
    parser.add_argument("--one", nargs=2, metavar=("VARIANT", "FOLDER"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        one(asked.one[0], Path(asked.one[1]), asked.memory)
        return
    with tempfile.TemporaryDirectory(prefix="bench-compare-") as name:
        folder = tables(asked.rows, asked.data or Path(name))
        expected = differing(asked.rows)
        found: dict[str, list[dict[str, float]]] = {
            variant: [] for variant in VARIANTS if asked.peers or variant not in PEERS
        }
        for _ in range(asked.rounds):
            for variant in found:
                found[variant].append(measure(variant, folder, asked.memory))
        for variant, runs in found.items():
            for each in runs:
                assert variant == "floor" or each["answer"] == expected, (variant, each, expected)
    least = median(each["cpu"] for each in found["floor"])
    missed: str | None = None
    print(f"{asked.rows:,} rows x {len(COLUMNS)} columns, medians of {asked.rounds}")
    for variant, each in found.items():
        cpu, wall, memory = (median(e[k] for e in each) for k in ("cpu", "wall", "gb"))
        print(
            f"{variant:<10} {cpu:6.2f} s CPU  {cpu / least:5.2f} x floor"
            f"  {wall:6.2f} s wall  {memory:5.2f} GB"
        )
        if variant == "compare" and (cpu > MOST_CPU * least or memory > MOST_GB):
            missed = f"the comparison may take {MOST_CPU} x floor and {MOST_GB} GB"
    sys.exit(missed)


if __name__ == "__main__":
    main()
