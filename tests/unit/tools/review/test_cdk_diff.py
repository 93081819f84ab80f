import json
import os
from pathlib import Path

import pytest

from lakehouse_tools.errors import DeployError
from lakehouse_tools.review import cdk_diff
from lakehouse_tools.review.assembly import Assembly


def test_a_diff_that_hangs_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": {}}))
    program = tmp_path / "cdk"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setattr(cdk_diff.cdk, "command", lambda _: [str(program)])
    monkeypatch.setattr(cdk_diff, "_SECONDS", 0.2)
    same = Assembly.at(tmp_path)

    with pytest.raises(DeployError, match="cdk diff LakehouseDev did not end within"):
        cdk_diff.cdk_diff(
            same, same, "LakehouseDev", node_modules=tmp_path, environ=dict(os.environ)
        )
