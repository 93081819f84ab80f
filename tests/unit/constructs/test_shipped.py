from pathlib import Path

import pytest

from lakehouse_constructs import ShippedFilesError, _shipped


def test_the_jobs_travel_under_their_own_name_without_left_overs() -> None:
    entries = _shipped.jobs_entries()

    assert {name.split("/")[0] for name in entries} == {"lakehouse_jobs"}
    assert "lakehouse_jobs/__init__.py" in entries
    assert "lakehouse_jobs/contract/arguments.py" in entries
    assert not [name for name in entries if "__pycache__" in name or name.endswith(".pyc")]


def test_the_comparison_travels_without_being_imported(monkeypatch) -> None:
    entries = _shipped.tools_entries()

    assert {name.split("/")[0] for name in entries} == {"lakehouse_tools"}
    assert "lakehouse_tools/comparison/step.py" in entries
    monkeypatch.setattr(_shipped, "find_spec", lambda _: None)
    with pytest.raises(ShippedFilesError, match="lakehouse_tools is missing, which compares"):
        _shipped.tools_entries()


def test_what_running_dbt_leaves_behind_stays_out(tmp_path: Path) -> None:
    for name in (
        "dbt_project.yml",
        "models/logs.sql",
        "target/manifest.json",
        "logs/dbt.log",
        "dbt_packages/x/y.sql",
        "macros/__pycache__/x.pyc",
        ".user.yml",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")

    left = set(_shipped.dbt_project_entries(tmp_path)) - {"buildspec.yml", "profiles.yml"}
    assert left == {"dbt_project.yml", "models/logs.sql"}


@pytest.mark.parametrize("name", ["buildspec.yml", "profiles.yml"])
def test_what_a_project_of_ones_own_lacks_comes_from_ours(tmp_path: Path, name: str) -> None:
    assert _shipped.dbt_project_entries(tmp_path)[name] == _shipped.dbt_project() / name

    (tmp_path / name).write_text("theirs")
    assert _shipped.dbt_project_entries(tmp_path)[name] == tmp_path / name


def test_the_buildspec_is_that_of_the_project_where_it_has_one(tmp_path: Path) -> None:
    assert "lakehouse_jobs.entry.dbt_build" in _shipped.buildspec(tmp_path)

    (tmp_path / "buildspec.yml").write_text("theirs")
    assert _shipped.buildspec(tmp_path) == "theirs"


def test_the_dbt_project_of_a_wheel_lies_beside_the_package(tmp_path: Path) -> None:
    package = tmp_path / "site-packages" / "lakehouse_constructs"
    project = package / "_dbt_project"
    project.mkdir(parents=True)
    (project / "dbt_project.yml").write_text("")

    assert _shipped.dbt_project(package) == project


def test_the_dbt_project_of_a_checkout_lies_at_its_root(tmp_path: Path) -> None:
    package = tmp_path / "constructs" / "lakehouse_constructs"
    project = tmp_path / "dbt_project"
    project.mkdir()
    (project / "dbt_project.yml").write_text("")

    assert _shipped.dbt_project(package) == project


def test_a_missing_dbt_project_names_both_places(tmp_path: Path) -> None:
    package = tmp_path / "constructs" / "lakehouse_constructs"

    with pytest.raises(ShippedFilesError) as caught:
        _shipped.dbt_project(package)

    assert str(package / "_dbt_project") in str(caught.value)
    assert str(tmp_path / "dbt_project") in str(caught.value)


@pytest.mark.parametrize(
    ("ask", "named"),
    [
        (lambda: _shipped.lock_file("nothing.lock"), "nothing.lock"),
        (lambda: _shipped.jobs_script("nothing.py"), "nothing.py"),
    ],
)
def test_a_missing_file_is_named(ask, named: str) -> None:
    with pytest.raises(ShippedFilesError, match=named):
        ask()
