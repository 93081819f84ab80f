import pytest

from lakehouse_local.home import Home
from lakehouse_tools.teardown import take_down


@pytest.fixture
def home(tmp_path) -> Home:
    home = Home(root=tmp_path, port=5796)
    (home.instance / "s3").mkdir(parents=True)
    home.runtimes.mkdir()
    (tmp_path / "5797").mkdir()
    return home


def test_what_did_not_run_is_not_called_stopped(home):
    said: list[str] = []
    take_down(home, delete=False, report=said.append)
    assert said == ["did not run: demo org of port 5796", "did not run: local AWS of port 5796"]


def test_data_stay_unless_they_are_to_go(home):
    take_down(home, delete=False)
    assert (home.instance / "s3").exists()


def test_deleting_takes_this_lakehouse_and_nothing_else(home, tmp_path):
    said: list[str] = []
    take_down(home, delete=True, report=said.append)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["5797", "runtimes"]
    assert any(str(home.instance) in line for line in said)
    take_down(home, delete=True)
