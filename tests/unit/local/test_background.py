import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lakehouse_local.background import BackgroundError, BackgroundProcess, identity, kill_group

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_start_details_stop(tmp_path: Path) -> None:
    process = BackgroundProcess(tmp_path, "sleeper")
    pid = process.start(SLEEP, details={"port": 1})
    # Another object, as another command would make it, knows the same process.
    other = BackgroundProcess(tmp_path, "sleeper")
    assert other.pid() == pid
    assert other.details() == {"port": 1}
    assert other.stop() is True
    assert process.pid() is None
    assert process.details() == {}
    assert process.stop() is False


def test_a_second_start_is_refused(tmp_path: Path) -> None:
    process = BackgroundProcess(tmp_path, "sleeper")
    pid = process.start(SLEEP)
    try:
        with pytest.raises(BackgroundError, match=f"sleeper runs already \\(process {pid}\\)"):
            BackgroundProcess(tmp_path, "sleeper").start(SLEEP)
    finally:
        process.stop()


def test_waits_until_ready(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    code = f"import pathlib, time; time.sleep(.2); pathlib.Path({str(flag)!r}).touch()"
    process = BackgroundProcess(tmp_path, "slow")
    process.start([sys.executable, "-c", code + "; time.sleep(60)"], ready=flag.exists)
    assert flag.exists()
    process.stop()


def test_an_early_end_tells_the_last_log_lines(tmp_path: Path) -> None:
    process = BackgroundProcess(tmp_path, "broken")
    argv = [sys.executable, "-c", "import sys; sys.exit('port 5300 is in use')"]
    with pytest.raises(BackgroundError, match=r"(?s)status 1 .*port 5300 is in use"):
        process.start(argv, ready=lambda: False)
    assert process.pid() is None


def test_not_ready_in_time_is_stopped(tmp_path: Path) -> None:
    process = BackgroundProcess(tmp_path, "never")
    with pytest.raises(BackgroundError, match=r"not ready within 0\.2 s"):
        process.start(SLEEP, ready=lambda: False, timeout=0.2)
    assert process.pid() is None


def test_a_pid_given_out_again_is_not_ours(tmp_path: Path) -> None:
    process = BackgroundProcess(tmp_path, "gone")
    process.record.write_text(json.dumps({"pid": os.getpid(), "started": "1", "details": {}}))
    assert process.pid() is None
    assert process.stop() is False  # and this test is still alive


def test_a_torn_record_counts_as_none(tmp_path: Path) -> None:
    process = BackgroundProcess(tmp_path, "torn")
    process.record.write_text('{"pid": 1')
    assert process.pid() is None


def test_kill_group_takes_children_of_a_dead_leader(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = (
        "import pathlib, subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"pathlib.Path({str(note)!r}).write_text(str(child.pid))\n"
    )
    leader = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    started = identity(leader.pid)
    assert started
    leader.wait()
    child = int(note.read_text())
    assert identity(child) is not None
    kill_group(leader.pid, started, timeout=1)
    deadline = time.monotonic() + 5
    while identity(child) is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert identity(child) is None
