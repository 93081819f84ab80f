"""Reading one CloudWatch log stream as it grows."""

from typing import Any, Final

_MOST_PAGES: Final = 50  # per call, so that a very long log does not hold up the display


class LogTail:
    """The lines of a stream that were not read yet.

    A stream that does not exist yet has no lines; it is asked for again next time.
    """

    def __init__(self, client: Any, *, group: str, stream: str) -> None:
        self.client = client
        self.group = group
        self.stream = stream
        self._token: str | None = None

    def read(self) -> list[str]:
        """What was added since the last call."""
        lines: list[str] = []
        for _ in range(_MOST_PAGES):
            options = {"nextToken": self._token} if self._token else {}
            try:
                page = self.client.get_log_events(
                    logGroupName=self.group,
                    logStreamName=self.stream,
                    startFromHead=True,
                    **options,
                )
            except self.client.exceptions.ResourceNotFoundException:
                return lines
            for event in page["events"]:
                lines.extend(event["message"].splitlines())
            # The end of the stream answers with the token it was asked with.
            if page["nextForwardToken"] == self._token or not page["events"]:
                self._token = page["nextForwardToken"]
                return lines
            self._token = page["nextForwardToken"]
        return lines
