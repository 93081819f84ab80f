"""The way to the org: credentials from where they are, and nothing but reading."""

from typing import Any, Final

import requests

from lakehouse_jobs.salesforce import Org, RetryPolicy, Transport, read_secret
from lakehouse_jobs.salesforce.secret import Credentials
from lakehouse_tools.environment import Environment, aws_errors
from lakehouse_tools.errors import RequestError
from lakehouse_tools.stack import read_stack

# Somebody is waiting: two attempts, and no query that takes longer than this.
READ_TIMEOUT: Final = 20.0


class ReadOnlyTransport(Transport):
    """Refuses every method that could change something. Logging in is a POST of its own."""

    def request(self, method: str, url: str, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        """One GET. Raises :class:`RequestError` for anything else."""
        if method.upper() != "GET":
            raise RequestError(f"discover sends GET alone, not {method} {url}: report this")
        return super().request(method, url, **kwargs)


def open_org(credentials: Credentials, *, api_version: str) -> Org:
    """The org behind credentials, for reading. Logs in."""
    policy = RetryPolicy(attempts=2, connect_timeout=5.0, read_timeout=READ_TIMEOUT)
    return Org(ReadOnlyTransport(credentials, policy=policy), api_version=api_version)


def deployed_credentials(environment: Environment) -> Credentials:
    """Those in the stack's secret. Raises where there is no stack, or its secret is unfilled."""
    from lakehouse_tools import secret

    with aws_errors(environment):
        stack = read_stack(environment)
        text = secret.read(environment, stack)
    return read_secret(text, name=stack.salesforce_secret_arn)
