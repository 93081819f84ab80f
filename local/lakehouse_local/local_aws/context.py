"""What the local AWS gives each adapter."""

import contextvars
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakehouse_local.home import Home, aws_environment
from lakehouse_local.local_aws.logs import CloudWatchLogs
from lakehouse_local.local_aws.processes import Processes, own_environment


@dataclass(frozen=True, kw_only=True)
class Context:
    """The running local AWS, as its adapters see it."""

    home: Home
    processes: Processes
    logs: CloudWatchLogs
    spark_pool: int = 1  # Spark processes started before Glue sessions ask for them
    spark_as_on_glue: bool = False  # with Java's and Spark's own settings, not those for few rows
    account_builds: int | None = None  # builds at once in the account; None: any number

    @property
    def endpoint(self) -> str:
        """Address of the local AWS."""
        return self.home.endpoint

    def child_environment(self, **extra: str) -> dict[str, str]:
        """The whole environment of a child process: it can reach the local AWS alone.

        The two files keep the user's AWS profile (and its real keys) out.
        """
        return {
            **own_environment(),
            **aws_environment(self.endpoint),
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            **extra,
        }


def in_background(function: Callable[..., Any], *arguments: Any) -> threading.Thread:
    """Run a function in a thread that keeps the account and region of the request.

    ministack holds both in context variables, which threads do not inherit.
    """
    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(function, *arguments), daemon=True)
    thread.start()
    return thread


def s3_object(uri: str) -> bytes:
    """An object of the local S3 by ``s3://bucket/key``; FileNotFoundError names what is missing."""
    from ministack.services import s3  # after the server's settings

    bucket, _, key = uri.removeprefix("s3://").partition("/")
    body = s3._get_object_data(bucket, key) if uri.startswith("s3://") and key else None
    if body is None:
        raise FileNotFoundError(uri)
    return bytes(body)


def download(uri: str, folder: Path) -> Path:
    """Write an object of the local S3 into ``folder`` under its own name."""
    path = folder / uri.rpartition("/")[2]
    path.write_bytes(s3_object(uri))
    return path
