"""Stop the Glue sessions that a dbt build left behind; run when it has ended."""

import os
import sys

import boto3

from lakehouse_jobs.build.sessions import stop_sessions
from lakehouse_jobs.build.settings import session_prefix
from lakehouse_jobs.contract.errors import ConfigError


def main() -> None:
    """Stop them and say which."""
    try:
        prefix = session_prefix(os.environ)
    except ConfigError as error:
        sys.exit(str(error))
    for session in stop_sessions(prefix, client=boto3.client("glue")):
        print(f"stopped the Glue session {session}")


if __name__ == "__main__":
    main()
