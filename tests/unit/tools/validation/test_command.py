"""``lakehouse validate``: what it asks for, and how it ends."""

import json
from dataclasses import replace

from click.testing import CliRunner

from lakehouse_tools.cli import cli
from lakehouse_tools.comparison.checks import Status
from lakehouse_tools.comparison.report.as_json import as_dict
from lakehouse_tools.environment import Environment
from tests.unit.tools.conftest import STACK
from tests.unit.tools.validation.conftest import MART, OBJECTS, PAIR


def test_the_command(mart, served, monkeypatch, tmp_path):
    """What it asks for, and how it ends: the queries themselves are tested above."""
    asked: dict[str, object] = {}
    report = mart(MART.format(n=200))

    def looked_at(config, objects, names, *_, **more):
        asked.update(more, names=names, runs=len(more["runs"]))
        return report

    org, _ = served
    config = tmp_path / "comparison.json"
    config.write_text(
        json.dumps({"old": {"database": "a"}, "new": {"layer": "marts"}, "tables": [PAIR]})
    )
    for place, found in (
        ("lakehouse_tools.stack.read_stack", STACK),
        ("lakehouse_tools.configured.deployed_config", OBJECTS),
        ("lakehouse_tools.cli.credentials.of_org", None),
        ("lakehouse_tools.discover.access.open_org", org),
    ):
        monkeypatch.setattr(place, lambda *_, _found=found, **__: _found)
    monkeypatch.setattr(Environment, "storage", lambda _: None)
    monkeypatch.setattr("lakehouse_tools.validation.run.validate", looked_at)
    arguments = ["validate", "--config", str(config), "--output", str(tmp_path / "out")]
    done = CliRunner().invoke(cli, [*arguments, "--junit", str(tmp_path / "j.xml")])
    assert (done.exit_code, "validation: pass" in done.output) == (0, True)
    assert asked["names"] == ["Contact"]
    assert asked["now"] == org.server_time()
    assert asked["subject"] == f"environment local, org {org.org_id}"
    assert 'failures="0"' in (tmp_path / "j.xml").read_text()
    page = tmp_path / "out" / "comparison.json"  # a report of `lakehouse compare` beside it
    page.write_text(json.dumps({**as_dict(report), "kind": "comparison"}))
    done = CliRunner().invoke(cli, [*arguments, "--env", "dev", "--objects", "contact"])
    assert asked["subject"] == f"environment dev, org {org.org_id}"
    assert (done.exit_code, asked["names"], asked["runs"]) == (0, ["Contact"], 1)
    done = CliRunner().invoke(cli, [*arguments, "--objects", "Lead"])
    assert (done.exit_code, "--objects: got 'Lead'; configured: Contact" in done.stderr) == (
        2,
        True,
    )
    report.tables[0].checks[0] = replace(report.tables[0].checks[0], status=Status.FAIL)
    assert CliRunner().invoke(cli, arguments).exit_code == 1
