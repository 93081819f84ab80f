"""What AWS asks for, and what an execution costs by its size.

List prices, US$, US East (N. Virginia), read in November 2026: check them before you rely
on them. A Glue run bills at least a minute, so short ones cost the same.
"""

from dataclasses import dataclass
from typing import Final

DPU_HOUR: Final = 0.44  # Glue ETL and interactive sessions, aws.amazon.com/glue/pricing
BUILD_MINUTE: Final = 0.005  # CodeBuild general1.small
TRANSITION: Final = 0.025 / 1000  # Step Functions Standard
KEY_MONTH: Final = 1.00  # KMS, one key
SECRET_MONTH: Final = 0.40  # Secrets Manager, one secret
ALARM_MONTH: Final = 0.10  # CloudWatch, one alarm; an account's first ten are free
GB_MONTH: Final = 0.023  # S3 Standard
DPU_PER_WORKER: Final = 1  # G.1X
DAYS_PER_MONTH: Final = 30
# Executions in a month, by how often.
EVERY: Final = {"15m": 96 * DAYS_PER_MONTH, "hourly": 24 * DAYS_PER_MONTH, "daily": DAYS_PER_MONTH}


def glue_run(*, workers: int, minutes: float) -> float:
    """One Glue run of G.1X workers."""
    return workers * DPU_PER_WORKER * max(minutes, 1) / 60 * DPU_HOUR


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
        return self.groups * glue_run(workers=self.workers, minutes=self.extract_minutes)

    def build(self) -> float:
        """The dbt build: its session and CodeBuild."""
        minutes = max(self.dbt_minutes, 1)
        return (
            self.session_workers * DPU_PER_WORKER * minutes / 60 * DPU_HOUR + minutes * BUILD_MINUTE
        )

    def states(self) -> float:
        """State transitions, generously counted."""
        return (12 + 4 * self.groups) * TRANSITION

    def total(self, *, builds: float = 1) -> float:
        """All of it; ``builds``: the share of executions that bring rows, and so build."""
        return self.extract() + builds * self.build() + self.states()
