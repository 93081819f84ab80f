"""Rules of the tree that no linter knows."""

from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_constructs_does_not_shadow_the_package_of_that_name() -> None:
    assert not (ROOT / "constructs" / "__init__.py").exists()


def test_no_test_folder_is_a_package() -> None:
    # tests/unit/constructs/__init__.py would shadow the PyPI package in every import mode.
    assert [str(p) for p in (ROOT / "tests").rglob("__init__.py")] == []


def test_the_jobs_package_is_empty_at_its_top() -> None:
    # So that lakehouse_jobs.contract imports without pyarrow, boto3 or PyIceberg.
    assert (ROOT / "glue_jobs/lakehouse_jobs/__init__.py").read_text() == ""
