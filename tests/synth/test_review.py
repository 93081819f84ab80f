"""``lakehouse review`` on real pairs: what a reviewer must see, and the exit status."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lakehouse_local.home import Home
from tests.synth.conftest import Synthesize

Edit = Callable[[Path], None]
Review = Callable[..., tuple[int, str, str]]
Edited = Callable[[Edit], Review]


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture(scope="module")
def base(assembly_with_paths: Callable[[Path], Path], checkout: Path) -> Path:
    return assembly_with_paths(checkout)


@pytest.fixture(scope="module")
def assembly_with_paths(
    tmp_path_factory: pytest.TempPathFactory, synthesize: Synthesize
) -> Callable[[Path], Path]:
    """Synthesize a checkout as the CDK CLI does, with the paths of constructs."""

    def run(project: Path) -> Path:
        target = tmp_path_factory.mktemp("pair") / "cdk.out"
        done = synthesize(
            target,
            checkout=project,
            CDK_CONTEXT_JSON='{"aws:cdk:enable-path-metadata": true}',
            PYTHONDONTWRITEBYTECODE="1",
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return target

    return run


def lakehouse(project: Path, *arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lakehouse"), "review", *arguments],
        cwd=project,
        env={**os.environ, "LAKEHOUSE_HOME": str(Home.from_environment().root)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def review(
    tmp_path: Path, checkout: Path, base: Path, assembly_with_paths: Callable[[Path], Path]
) -> Edited:
    """Edit a copy of the checkout; what it returns reviews the copy against the checkout."""

    def edited(edit: Edit) -> Review:
        project = tmp_path / "project"
        shutil.copytree(checkout, project)
        edit(project)
        head = assembly_with_paths(project)
        return lambda *options: lakehouse(checkout, str(base), str(head), *options)

    return edited


def test_only_a_dbt_model_changed(review: Edited) -> None:
    model = "models/marts/sales/dim_contact.sql"

    def edit(project: Path) -> None:
        with (project / "dbt_project" / model).open("a") as file:
            file.write("-- changed\n")

    status, text, _ = review(edit)()

    assert status == 0
    assert f"`~ {model}`" in text
    assert "Permissions" not in text
    assert "Stateful" not in text


def test_an_object_added(review: Edited) -> None:
    status, text, _ = review(
        lambda project: replace(
            project / "config" / "salesforce_objects.json", '"Account",', '"Account", "Asset",'
        )
    )()

    assert status == 0
    assert "Extractor/Objects" in text
    assert "Stateful" not in text


def test_a_bucket_and_databases_replaced_stop_until_somebody_agrees(review: Edited) -> None:
    def edit(project: Path) -> None:
        replace(project / "config" / "prod.json", '"lakehouse_prod"', '"other_prod"')
        lake = project / "constructs" / "lakehouse_constructs" / "lake_bucket.py"
        replace(lake, "bucket_key_enabled=True", 'bucket_name="other", bucket_key_enabled=True')

    reviewed = review(edit)
    status, text, errors = reviewed("--stack", "LakehouseProd")

    assert status == 1
    assert "⛔ Stateful resources removed, replaced" in text
    assert "DatabaseInput.Name: lakehouse_prod_raw → other_prod_raw" in text
    assert "BucketName: not set → other" in text
    assert text.index("Stateful") < text.index("Permissions added") < text.index("CDK's diff")
    assert "say --allow CatalogRaw" in errors
    names = [line.split("--allow ")[1] for line in errors.splitlines() if "--allow" in line]
    agreed = [word for name in names for word in ("--allow", name)]
    status, text, errors = reviewed("--stack", "LakehouseProd", *agreed)
    assert (status, "⛔" in text) == (0, False), errors


def test_a_policy_widened(review: Edited) -> None:
    reviewed = review(
        lambda project: replace(
            project / "constructs" / "lakehouse_constructs" / "pipeline.py",
            'prefixes=[RUNS_PREFIX], actions=["s3:GetObject"])',
            'prefixes=[RUNS_PREFIX], actions=["s3:GetObject", "s3:PutObject"])',
        )
    )
    status, text, _ = reviewed("--stack", "LakehouseDev")

    assert status == 0
    added = text[text.index("Permissions added") : text.index("<details>")]
    assert (
        "`${Pipeline/StateMachine/Role}` | Allow | `s3:PutObject` | `${Lake/Bucket.Arn}/runs/*`"
        in added
    )
    assert added.count("Allow") == 1  # s3:GetObject was there


def test_two_git_refs(tmp_path: Path, checkout: Path, cache_home: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(checkout, project)
    git(project, "init", "--quiet")
    commit(project, "base")
    replace(project / "config" / "dev.json", "rate(1 hour)", "rate(2 hours)")
    commit(project, "change")
    replace(project / "config" / "dev.json", "rate(2 hours)", "broken")  # is not committed

    status, text, errors = lakehouse(project, "HEAD~1", "HEAD", "--stack", "LakehouseDev")

    assert status == 0, errors
    assert "rate(2 hours)" in text


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True)


def commit(folder: Path, message: str) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)


def test_what_is_neither_a_folder_nor_a_ref(checkout: Path) -> None:
    status, _, errors = lakehouse(checkout, "no-such-ref")

    assert status == 2
    assert "no-such-ref is neither a folder with a cloud assembly nor a git ref" in errors
    assert "Traceback" not in errors


def test_two_assemblies_that_are_the_same(base: Path, checkout: Path) -> None:
    status, text, errors = lakehouse(checkout, str(base), str(base))

    assert (status, text.count("No change.")) == (0, 2), errors
