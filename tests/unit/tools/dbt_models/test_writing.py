"""A generation that is killed while it writes."""

import signal
import subprocess
import sys

import pytest

from lakehouse_tools.dbt_models.project import FOLDER
from lakehouse_tools.dbt_models.writing import put_back, write

# The folder's own rename is the first of two; the new one's follows.
KILLED = """
import os, signal, sys
from pathlib import Path
from lakehouse_tools.dbt_models.project import FOLDER
from lakehouse_tools.dbt_models.writing import write

rename, left = Path.rename, int(sys.argv[2])

def until(self, target):
    global left
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    return rename(self, target)

Path.rename = until
write(Path(sys.argv[1]), FOLDER, {"b.sql": "new", "c.sql": "new"})
"""


@pytest.mark.parametrize("renames", [0, 1])
def test_after_a_kill_the_folder_is_as_it_was(tmp_path, renames):
    own = tmp_path / FOLDER
    own.mkdir(parents=True)
    before = {"a.sql": "old", "b.sql": "old"}
    for name, text in before.items():
        (own / name).write_text(text)

    argv = [sys.executable, "-c", KILLED, str(tmp_path), str(renames)]
    assert subprocess.run(argv, check=False).returncode == -signal.SIGKILL
    assert own.is_dir() == (renames == 0)

    put_back(tmp_path, FOLDER)
    assert {path.name: path.read_text() for path in own.iterdir()} == before

    # And the next generation finds nothing in its way.
    write(tmp_path, FOLDER, {"b.sql": "new"})
    assert {path.name: path.read_text() for path in own.iterdir()} == before | {"b.sql": "new"}
    assert not any((tmp_path / "target").iterdir())
