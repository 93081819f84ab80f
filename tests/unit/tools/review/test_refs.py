"""The files of a commit, by the real git, and the commit's own code as it is run."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from lakehouse_tools.errors import DeployError
from lakehouse_tools.review import refs

# Stands for a commit's app.py: leaves an assembly that says what it was given.
APP = """\
import json, os, pathlib
target = pathlib.Path(os.environ["CDK_OUTDIR"])
target.mkdir(parents=True)
(target / "manifest.json").write_text(json.dumps({"artifacts": {}}))
(target / "environment.json").write_text(json.dumps(dict(os.environ)))
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "app.py").write_text(APP)
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    git(folder, *identity, "commit", "--quiet", "--message", "one")


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def test_a_commits_code_gets_none_of_the_callers_aws_settings(
    checkout: Path, tmp_path: Path
) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "AKIAREAL", "AWS_PROFILE": "prod", "AWS_SESSION_TOKEN": "t"}

    refs.assembly_of(
        "HEAD", checkout=checkout, folder=tmp_path / "head", environ={**os.environ, **keys}
    )

    seen = json.loads((tmp_path / "head" / "cdk.out" / "environment.json").read_text())
    assert [name for name in seen if name.startswith("AWS_")] == []
    assert seen["PATH"] == os.environ["PATH"]
    first = seen["PYTHONPATH"].split(os.pathsep)[0]
    assert first == str(tmp_path / "head" / "sources" / "constructs")


def test_a_commit_whose_files_git_cannot_read_is_named(checkout: Path, tmp_path: Path) -> None:
    blob = git(checkout, "rev-parse", "HEAD:app.py")
    (checkout / ".git" / "objects" / blob[:2] / blob[2:]).unlink()

    with pytest.raises(DeployError, match=r"the files of HEAD cannot be read: .*cannot read"):
        refs.assembly_of(
            "HEAD", checkout=checkout, folder=tmp_path / "head", environ=dict(os.environ)
        )


def test_a_synthesis_that_hangs_ends(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (checkout / "app.py").write_text("import time; time.sleep(60)")
    commit(checkout)
    monkeypatch.setattr(refs, "_SYNTH_SECONDS", 0.2)

    with pytest.raises(DeployError, match="HEAD was not synthesized within"):
        refs.assembly_of(
            "HEAD", checkout=checkout, folder=tmp_path / "head", environ=dict(os.environ)
        )
