import pytest

from lakehouse_local import runtimes
from lakehouse_local.home import Home
from lakehouse_tools import machine
from lakehouse_tools.demo import needs
from lakehouse_tools.errors import MachineError


@pytest.fixture
def home(tmp_path) -> Home:
    return Home(root=tmp_path, port=5794)


@pytest.fixture
def roomy(monkeypatch):
    monkeypatch.setattr(machine, "free_disk_megabytes", lambda _: 50_000)
    monkeypatch.setattr(machine, "free_memory_megabytes", lambda: 16_000)


def test_says_what_will_be_downloaded_before_anything_is(home):
    lines = list(needs.notice(home))
    total = sum(item.megabytes for item in runtimes.missing(home))
    assert lines[0].startswith(f"First set-up: {total:,} MB")
    assert [line.split()[0] for line in lines[1:5]] == ["glue", "dbt", "jars", "node"]
    assert any(line.startswith("Memory:") for line in lines)
    assert "more" in lines[-1]


def test_nothing_to_download_is_said_too(home, monkeypatch):
    monkeypatch.setattr(runtimes, "missing", lambda _: [])
    lines = list(needs.notice(home))
    assert lines[0] == "Nothing to download."
    assert "more" not in lines[-1]


def test_enough_is_enough(home, roomy):
    needs.require(home)


def test_a_full_disk_is_refused_before_anything_is_downloaded(home, roomy, monkeypatch):
    monkeypatch.setattr(machine, "free_disk_megabytes", lambda _: 900)
    with pytest.raises(MachineError, match=r"900 MB free.*MB needed.*LAKEHOUSE_HOME"):
        needs.require(home)


def test_too_little_memory_is_refused(home, roomy, monkeypatch):
    monkeypatch.setattr(machine, "free_memory_megabytes", lambda: 1_000)
    with pytest.raises(MachineError, match="1,000 MB of memory free"):
        needs.require(home)
    monkeypatch.setattr(machine, "free_memory_megabytes", lambda: None)
    needs.require(home)
