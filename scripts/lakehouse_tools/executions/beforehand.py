"""What a run would refuse, told before it starts.

What these credentials may not look at is left to the run, which looks for itself: whoever may start
it need not be allowed to read the org's credentials.
"""

from collections.abc import Callable, Iterator

from botocore.exceptions import ClientError

from lakehouse_tools import configured, secret
from lakehouse_tools.environment import Environment, is_denied
from lakehouse_tools.executions.start import Request
from lakehouse_tools.stack import Stack


def look(environment: Environment, stack: Stack, request: Request) -> Iterator[str]:
    """A sentence for each thing that was not looked at.

    Raises :class:`SecretError` for an unfilled secret, :class:`RequestError` for what no group has.
    """
    looks: list[tuple[str, Callable[[], object]]] = [
        ("the Salesforce secret", lambda: secret.require_filled(environment, stack))
    ]
    if request.objects or request.groups:
        looks.append(("the deployed configuration", lambda: _check(environment, stack, request)))
    for what, tried in looks:
        try:
            tried()
        except ClientError as error:
            if not is_denied(error):
                raise
            yield (
                f"{what} was not looked at, as these credentials may not ({error.operation_name}):"
                " the run does it itself"
            )


def _check(environment: Environment, stack: Stack, request: Request) -> None:
    config = configured.deployed_config(environment, stack)
    configured.check_request(config, request, option=environment.option)
