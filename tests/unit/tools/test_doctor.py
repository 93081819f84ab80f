import socket

import pytest

from lakehouse_local import runtimes
from lakehouse_local.home import Home
from lakehouse_tools import doctor, machine
from lakehouse_tools.checks import Check


@pytest.fixture
def findings(tmp_path, monkeypatch):
    """Examines a home, by name of finding; what is slow to ask is answered here."""
    monkeypatch.setattr(doctor, "_network", lambda: _finding("network", False))
    monkeypatch.setattr(doctor, "_answers", lambda name, _argv: _finding(name, True))

    def examine(port=5795):
        return {f.name: f for f in doctor.examine(Home(root=tmp_path, port=port))}

    return examine


def _finding(name, passed):
    return Check(name=name, passed=passed, text="as told")


def test_missing_run_times_are_no_failure_but_need_the_network(findings):
    found = findings()
    assert found["run times"].passed is None
    assert "glue (" in found["run times"].text
    assert found["network"].passed is False
    assert found["Python"].passed


def test_the_network_is_not_asked_when_nothing_is_missing(findings, monkeypatch):
    monkeypatch.setattr(runtimes, "missing", lambda _: [])
    assert "network" not in findings()


def test_a_port_of_another_program_says_what_to_do(findings):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        found = findings(port)["port"]
    assert found.passed is False
    assert str(port) in found.text
    assert "LAKEHOUSE_LOCAL_PORT" in (found.remedy or "")
    assert findings(port)["port"].passed


def test_too_little_disk_and_memory_are_found(findings, monkeypatch):
    monkeypatch.setattr(machine, "free_disk_megabytes", lambda _: 10)
    monkeypatch.setattr(machine, "free_memory_megabytes", lambda: 10)
    found = findings()
    assert (found["disk"].passed, found["memory"].passed) == (False, False)
    assert found["disk"].remedy
    assert found["memory"].remedy
