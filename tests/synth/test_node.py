"""What app.py tells the Node processes that it starts."""

import os
import subprocess
from pathlib import Path

import pytest

import app

FLAGS = "console.log(process.env.NODE_OPTIONS.includes('--max-http-header-size=9000'))"


def test_node_takes_the_options_wherever_the_project_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / 'a "project" of ours'
    (root / "stacks").mkdir(parents=True)
    script = (app.ROOT / "stacks" / "quick_checks.cjs").read_text(encoding="utf-8")
    told = "\nconsole.log('told');\n"
    (root / "stacks" / "quick_checks.cjs").write_text(script + told, encoding="utf-8")
    monkeypatch.setattr(app, "ROOT", root)
    monkeypatch.setenv("NODE_OPTIONS", "--max-http-header-size=9000")

    app.check_quickly()

    done = subprocess.run(
        [os.environ["JSII_NODE"], "-e", FLAGS], capture_output=True, text=True, check=False
    )
    assert (done.stdout.split(), done.stderr) == (["told", "true"], "")
