"""Lines of running processes into CloudWatch Logs, while they run.

AWS writes a job's and a build's output to CloudWatch Logs as it comes
(docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging.html); ministack writes none.
"""

import json
import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_BATCH: Final = 1000
_FRAME: Final = re.compile(r"\s+(?:at \S+\(.*\)|\.\.\. \d+ more)\s*$")
_LONGEST: Final = 256 * 1024  # bytes; CloudWatch Logs cuts longer events


class CloudWatchLogs:
    """Writes to log groups, which it makes when they are missing, as the services do."""

    def write(self, group: str, stream: str, lines: Iterable[str]) -> None:
        """Append lines under the present time; empty lines are left out."""
        from ministack.services import cloudwatch_logs  # after the server's settings

        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": line[:_LONGEST]} for line in lines if line]
        if not events:
            return
        names = {"logGroupName": group, "logStreamName": stream}
        if group not in cloudwatch_logs._log_groups:
            cloudwatch_logs._create_log_group({"logGroupName": group})
        if stream not in cloudwatch_logs._log_groups[group]["streams"]:
            cloudwatch_logs._create_log_stream(names)
        for first in range(0, len(events), _BATCH):
            status, _, body = cloudwatch_logs._put_log_events(
                {**names, "logEvents": events[first : first + _BATCH]}
            )
            if status >= 400:
                raise RuntimeError(f"PutLogEvents {group} {stream}: {json.loads(body)}")

    def follow(self, path: Path, group: str, stream: str) -> "Follower":
        """Copies what is appended to ``path`` each time it is asked to."""
        return Follower(self, path, group, stream)


class Follower:
    """Copies a growing log file, line by line."""

    def __init__(self, logs: CloudWatchLogs, path: Path, group: str, stream: str) -> None:
        self._logs = logs
        self._path = path
        self._names = (group, stream)
        self._offset = path.stat().st_size if path.exists() else 0

    def copy(self, *, rest: bool = False) -> None:
        """Copy the lines that are complete by now; with ``rest`` an unfinished one too."""
        if not self._path.exists():
            return
        with self._path.open("rb") as log:
            log.seek(self._offset)
            new = log.read()
        end = len(new) if rest else new.rfind(b"\n") + 1
        self._offset += end
        self._logs.write(*self._names, new[:end].decode(errors="replace").splitlines())


def last_line(path: Path) -> str:
    """The last line of a log that says something; empty if there is none.

    The frames of a Java stack trace, which Spark ends with, say where and not what.
    """
    if not path.exists():
        return ""
    with path.open("rb") as log:
        log.seek(max(0, path.stat().st_size - 64 * 1024))
        lines = log.read().decode(errors="replace").splitlines()
    said = (line.strip() for line in reversed(lines) if not _FRAME.match(line))
    return next(filter(None, said), "")
