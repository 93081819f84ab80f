"""What a change does to the templates is seen in its review, and nothing is replaced unseen."""

from difflib import unified_diff
from pathlib import Path

import pytest

from tests.synth.snapshots import FOLDER, snapshots


@pytest.fixture(scope="module")
def found(assembly: Path) -> dict[str, str]:
    return snapshots(assembly)


@pytest.mark.parametrize("stack", ["LakehouseDev", "LakehouseProd"])
def test_no_stateful_resource_changes_its_logical_id(found: dict[str, str], stack: str) -> None:
    """CloudFormation replaces what gets another logical id: a bucket would stay behind, empty
    its successor, and a secret lose what a person has filled in."""
    name = f"{stack}.stateful.txt"

    assert found[name] == (FOLDER / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["LakehouseDev.yaml", "LakehouseProd.diff"])
def test_the_templates_are_those_of_the_snapshots(found: dict[str, str], name: str) -> None:
    committed = (FOLDER / name).read_text(encoding="utf-8")

    changes = "".join(
        unified_diff(
            committed.splitlines(keepends=True),
            found[name].splitlines(keepends=True),
            "committed",
            "found",
        )
    )
    assert not changes, f"{name}: run `make snapshots` and commit what is meant:\n{changes}"


def test_nothing_that_changes_at_every_build_is_in_them(found: dict[str, str]) -> None:
    text = found["LakehouseDev.yaml"]

    assert "<hash>" in text
    assert "BootstrapVersion" not in text
    assert "StartAt: Plan" in text  # the state machine as a document, not as one string
