"""How the workers of `make test` share the tests: by what they share, the longest first."""

from xdist.scheduler import LoadFileScheduling

# What takes minutes: begun late, one worker would work on it while the others have ended.
LONGEST = (
    "tests/dbt/test_month.py",
    "tests/integration/test_demo.py",
    "tests/integration/test_old_lake.py",  # before others move on from what the demo left
    "tests/integration/test_by_hand.py",
    "tests/integration/test_failures.py",
    "tests/integration/test_org_changes.py",
    "tests/dbt/test_incremental.py",
    "tests/dbt/test_generate.py",
    "tests/integration/test_erasure.py",
    "tests/integration/test_update_safety.py",
    "tests/integration/test_planted_values.py",
    "tests/dbt/test_untested_rows.py",
    "tests/dbt/test_moving_raw.py",
    "tests/dbt/test_upkeep.py",
    "tests/dbt/test_steady.py",
    "tests/dbt/test_types_below.py",
    "tests/synth/",
    "tests/unit/jobs/extract/test_kill.py",
    "tests/integration/test_another_org.py",
    "tests/unit/local/test_comparison_edges.py",
    "tests/unit/tools/comparison/test_cells.py",
)
# Files that stand on one fixture of the session: on two workers it would be made twice.
TOGETHER = {
    "tests/integration/test_demo.py": "the demo",
    "tests/integration/test_old_lake.py": "the demo",
    "tests/integration/test_by_hand.py": "the demo",
    "tests/integration/test_failures.py": "the demo",
    "tests/integration/test_org_changes.py": "the demo",
}
SYNTHESIZED = "tests/synth/"


def longest_first(file: str) -> int:
    """The key to sort by; files that are not named keep their order behind those that are."""
    return next((at for at, name in enumerate(LONGEST) if file.startswith(name)), len(LONGEST))


class Together(LoadFileScheduling):
    """A file's tests share one worker, and so do the files that share what takes long to make."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return SYNTHESIZED if file.startswith(SYNTHESIZED) else TOGETHER.get(file, file)
