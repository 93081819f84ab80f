"""What an execution costs on AWS, from list prices and stated durations.

Prices: US East (N. Virginia), US$, list prices read in November 2026; check them before
you rely on them. Durations are assumptions that you pass in, not measurements: a Glue run
bills at least a minute, so short ones cost the same.

    python benchmarks/cost_of_a_run.py --groups 2 --extract-minutes 2 --dbt-minutes 6
"""

import argparse
from dataclasses import dataclass

DPU_HOUR = 0.44  # Glue ETL and interactive sessions, aws.amazon.com/glue/pricing
BUILD_MINUTE = 0.005  # CodeBuild general1.small
TRANSITION = 0.025 / 1000  # Step Functions Standard
KEY_MONTH = 1.00  # KMS, one key
SECRET_MONTH = 0.40  # Secrets Manager, one secret
GB_MONTH = 0.023  # S3 Standard
DPU_PER_WORKER = 1  # G.1X


@dataclass(frozen=True, kw_only=True)
class Execution:
    """One execution's size."""

    groups: int  # Glue runs
    workers: int  # of each run; Glue's minimum is 2
    extract_minutes: float  # of each run
    session_workers: int
    dbt_minutes: float  # session time, its start and idle time included

    def extract(self) -> float:
        """Glue runs."""
        minutes = max(self.extract_minutes, 1)
        return self.groups * self.workers * DPU_PER_WORKER * minutes / 60 * DPU_HOUR

    def build(self) -> float:
        """The dbt build: its session and CodeBuild."""
        minutes = max(self.dbt_minutes, 1)
        return (
            self.session_workers * DPU_PER_WORKER * minutes / 60 * DPU_HOUR + minutes * BUILD_MINUTE
        )

    def states(self) -> float:
        """State transitions, generously counted."""
        return (12 + 4 * self.groups) * TRANSITION

    def total(self) -> float:
        """All of it."""
        return self.extract() + self.build() + self.states()


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
