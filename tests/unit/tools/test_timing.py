import json

import pytest

from lakehouse_tools.timing import Phases


def test_phases_are_written_with_what_is_added(tmp_path):
    phases = Phases()
    with phases.measure("up"):
        pass
    phases.add("run 1: dbt", 12.345)
    phases.add("run 1: dbt", 1.0)
    phases.write(tmp_path / "new" / "demo.json", runs=[{"execution": "e"}])
    written = json.loads((tmp_path / "new" / "demo.json").read_text())
    assert written["seconds"]["run 1: dbt"] == pytest.approx(13.345, abs=0.01)
    assert written["runs"] == [{"execution": "e"}]
    assert written["total_seconds"] >= 0


def test_a_phase_that_fails_is_timed_too():
    phases = Phases()
    with pytest.raises(RuntimeError), phases.measure("deploy"):
        raise RuntimeError
    assert "deploy" in phases.seconds
