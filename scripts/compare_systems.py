"""Compare the old system with the new one: ``python scripts/compare_systems.py --env dev``."""

from lakehouse_tools.cli.compare import command
from lakehouse_tools.cli.group import standalone
from lakehouse_tools.comparison.checks import compare_record_counts
from lakehouse_tools.comparison.performance import compare_performance
from lakehouse_tools.comparison.quality import compare_data_quality

__all__ = ["compare_data_quality", "compare_performance", "compare_record_counts"]

if __name__ == "__main__":
    standalone(command)
