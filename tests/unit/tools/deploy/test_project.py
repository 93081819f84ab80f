import pytest

from lakehouse_tools.deploy.project import find_project
from lakehouse_tools.errors import RequestError


def test_finds_the_app_from_a_folder_below(tmp_path):
    (tmp_path / "cdk.json").touch()
    (tmp_path / "app.py").touch()
    below = tmp_path / "dbt_project" / "models"
    below.mkdir(parents=True)
    assert find_project(below) == tmp_path.resolve()


def test_a_folder_without_app_is_named(tmp_path):
    (tmp_path / "cdk.json").touch()
    with pytest.raises(RequestError, match=str(tmp_path)):
        find_project(tmp_path)
