"""What an incremental dbt build costs by the size of the tables: it should follow the delta.

Two orgs side by side on one local AWS, one ten times the other; the same dbt project, build
and (warm) Spark session. After a first build of each, rounds: so many records of each large
object change, and both are built, in turn. Medians of the rounds are printed, without the first:
Java has not compiled then what an incremental build runs, and the smaller org comes first.

Spark has Java's and its own settings, as on Glue; the local AWS's own are for small tables.
After the rounds the larger org is built once more, while Spark keeps its event log: which columns
were read of how many rows.

    make bench-dbt
    make bench-dbt ARGS="--recent"           changes among the newest records, as in most orgs
    make bench-dbt ARGS="--threads 1 2 4 8"  what more threads give instead, each a session
"""

import argparse

from dbt_builds import local_lake
from dbt_lake import KINDS
from dbt_report import Built, report, report_of_scans, report_of_threads

SPARK = {
    "glue": "Java's and Spark's own settings, as on Glue",
    "small": "the local AWS's settings for few rows",
}


def main() -> None:
    """Measure and print Markdown."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--changed", type=int, default=1_000)
    parser.add_argument(
        "--recent", action="store_true", help="change records that were made last, not any"
    )
    parser.add_argument("--rounds", type=int, default=3)
    names = [kind.table for kind in KINDS]
    parser.add_argument("--threads", type=int, nargs="+")
    parser.add_argument("--spark", choices=SPARK, default="glue", help="settings of Spark and Java")
    parser.add_argument("--objects", nargs="+", choices=names, default=names)
    given = parser.parse_args()
    kinds = [kind for kind in KINDS if kind.table in given.objects]
    print(f"Spark: {SPARK[given.spark]}", flush=True)
    with local_lake(kinds, as_on_glue=given.spark == "glue", recent=given.recent) as lake:
        for size in given.sizes[-1:] if given.threads else given.sizes:
            lake.first(size)
        if given.threads:
            by_threads: dict[int, list[Built]] = {threads: [] for threads in given.threads}
            turns = [threads for _ in range(given.rounds) for threads in given.threads]
            for batch, threads in enumerate(turns, 2):
                found = lake.next(
                    given.sizes[-1], batch=batch, changed=given.changed, threads=threads
                )
                by_threads[threads].append(found)
            print(report_of_threads(by_threads, given.sizes[-1], given.changed))
            return
        built: dict[int, list[Built]] = {size: [] for size in given.sizes}
        for batch in range(2, given.rounds + 3):
            for size in given.sizes:
                built[size].append(lake.next(size, batch=batch, changed=given.changed))
        lake.listen()
        lake.next(given.sizes[-1], batch=given.rounds + 3, changed=given.changed)
        read = lake.scans()
    print(report({size: found[1:] for size, found in built.items()}, given.changed))
    print(report_of_scans(read, given.sizes[-1], given.changed))


if __name__ == "__main__":
    main()
