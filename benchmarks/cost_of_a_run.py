"""What an execution costs on AWS, from list prices and stated durations.

Prices are those of `lakehouse_tools/prices.py`. Durations are assumptions that you pass in,
not measurements: a Glue run bills at least a minute, so short ones cost the same.

    python benchmarks/cost_of_a_run.py --groups 2 --extract-minutes 2 --dbt-minutes 6
"""

import argparse

from lakehouse_tools.prices import GB_MONTH, KEY_MONTH, SECRET_MONTH, Execution


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--groups", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--extract-minutes", type=float, default=2)
    parser.add_argument("--session-workers", type=int, default=2)
    parser.add_argument("--dbt-minutes", type=float, default=6)
    parser.add_argument("--lake-gb", type=float, default=10)
    given = vars(parser.parse_args())
    lake_gb = given.pop("lake_gb")
    run = Execution(**given)
    rest = KEY_MONTH + SECRET_MONTH + lake_gb * GB_MONTH
    print(f"assumed: {run}, {lake_gb:g} GB in the lake")
    print(f"one execution      {run.total():8.2f}  (extract {run.extract():.2f},"
          f" dbt {run.build():.2f}, states {run.states():.4f})")  # fmt: skip
    print(f"at rest, a month   {rest:8.2f}  (one key, one secret, {lake_gb:g} GB)")
    for name, runs in (("daily", 30), ("hourly", 730), ("every 15 minutes", 2920)):
        print(f"{name + ', a month':<18} {run.total() * runs + rest:8.2f}")


if __name__ == "__main__":
    main()
