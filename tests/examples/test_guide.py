"""What docs/guide/use-the-constructs.md shows works as it stands there."""

import re
from pathlib import Path

import pytest

import lakehouse_constructs
from docs.make_constructs_reference import entries
from tests.examples.conftest import REPOSITORY, Cdk

GUIDE = (REPOSITORY / "docs/guide/use-the-constructs.md").read_text(encoding="utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("whole", [False, True], ids=["smallest", "with what runs it"])
def test_the_app_synthesizes_without_a_warning(
    tmp_path: Path, run_cdk: Cdk, cache_home: Path, whole: bool
) -> None:
    app, more = _blocks("python")
    if whole:
        app = app.replace("app.synth()\n", f"{more}app.synth()\n")
    (tmp_path / "app.py").write_text(app)
    (tmp_path / "salesforce_objects.json").write_text(*_blocks("json"))
    (command,) = re.findall(r"^cdk deploy (.*)$", GUIDE, re.MULTILINE)
    assert command == '--app "python app.py"'

    home = str(cache_home)
    done = run_cdk(tmp_path, "synth", "--quiet", "--strict", "--app", "python app.py", HOME=home)

    assert done.returncode == 0, done.stdout + done.stderr
    template = (tmp_path / "cdk.out" / "Crm.template.json").read_text()
    for kind in ("AWS::Scheduler::Schedule", "AWS::CloudWatch::Alarm", "AWS::Athena::WorkGroup"):
        assert (kind in template) is whole


def test_every_prop_that_the_guide_names_is_one() -> None:
    props = {entry.name: {prop.name for prop in entry.props} for entry in entries()}

    named = re.findall(r"`(\w+)\((\w+)=…\)`", GUIDE)
    assert len(named) >= 6
    assert [(c, p) for c, p in named if p not in props[c]] == []


def test_every_construct_that_the_guide_names_is_public() -> None:
    named = set(re.findall(r"`([A-Z][a-z]+[A-Z]\w+)[`(]", GUIDE))

    assert named <= set(lakehouse_constructs.__all__)


def test_the_guide_pins_the_version_that_the_examples_pin() -> None:
    pinned = [
        *re.findall(r"lakehouse-constructs==[\d.]+", GUIDE),
        *(
            path.read_text().split()[0]
            for path in (REPOSITORY / "examples").glob("*/requirements.txt")
        ),
    ]

    assert len(pinned) == 3
    assert len(set(pinned)) == 1
