"""Where a command works: the local AWS, or an account reached with the user's own settings.

An account's region is ``AWS_REGION``, else ``AWS_DEFAULT_REGION``, else the profile's: the
order of AWS's own tools. boto3 alone does not read the first.

For the local AWS the endpoint and the dummy keys are given to the session and its
clients explicitly; the user's ``AWS_*`` variables and profiles are neither read nor
changed.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from lakehouse_tools.errors import AwsError, CredentialsError, LocalAwsDownError

if TYPE_CHECKING:
    import boto3
    from botocore.exceptions import ClientError

    from lakehouse_local.home import Home

LOCAL: Final = "local"
ENVIRONMENTS: Final = (LOCAL, "dev", "prod")
# AWS's codes for credentials that ran out, and for keys that it does not know (any more).
_SIGNED_OUT: Final = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidToken",
        "UnrecognizedClientException",
    }
)
_DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException"})
STACKS: Final = {LOCAL: "LakehouseDev", "dev": "LakehouseDev", "prod": "LakehouseProd"}


@dataclass(frozen=True)
class Environment:
    """One environment and the AWS clients that reach it."""

    name: str
    home: "Home | None" = None  # of the local AWS; None for an account
    _clients: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def named(cls, name: str) -> "Environment":
        """The environment of ``--env``; the local one reads where its home lies."""
        if name != LOCAL:
            return cls(name)
        from lakehouse_local.home import Home

        return cls(name, Home.from_environment())

    @property
    def stack_name(self) -> str:
        """The CloudFormation stack of this environment."""
        return STACKS[self.name]

    @property
    def endpoint(self) -> str | None:
        """Address of the local AWS, or None for an account."""
        return self.home.endpoint if self.home else None

    @property
    def option(self) -> str:
        """What to add to a suggested command so that it works on this environment."""
        return "" if self.name == LOCAL else f" --env {self.name}"

    def region_variables(self) -> dict[str, str]:
        """What leads a child process to the region of our clients; empty where there is none.

        Under both names, for not every tool reads both.
        """
        region = self._session().region_name
        return {"AWS_REGION": region, "AWS_DEFAULT_REGION": region} if region else {}

    def client(self, service: str) -> Any:
        """A boto3 client, made once for each service."""
        if service not in self._clients:
            from botocore.config import Config

            # On this machine nothing throttles, a refused connection is an answer, and no
            # proxy of the user's stands between.
            local = self.endpoint is not None
            config = Config(
                retries={"mode": "standard", "total_max_attempts": 1 if local else 5},
                connect_timeout=5,
                proxies={} if local else None,
            )
            self._clients[service] = self._session().client(
                service, endpoint_url=self.endpoint, config=config
            )
        return self._clients[service]

    def storage(self) -> dict[str, str]:
        """How other clients than boto3 reach S3, in the words of DuckDB's secrets."""
        session = self._session()
        found = session.get_credentials()
        if found is None:
            from botocore.exceptions import NoCredentialsError

            raise NoCredentialsError
        keys = found.get_frozen_credentials()
        options = {"KEY_ID": keys.access_key, "SECRET": keys.secret_key}
        if keys.token:
            options["SESSION_TOKEN"] = keys.token
        if session.region_name:
            options["REGION"] = session.region_name
        if self.endpoint is not None:
            address = self.endpoint.removeprefix("http://")
            options |= {"ENDPOINT": address, "URL_STYLE": "path", "USE_SSL": "false"}
        return options

    def _session(self) -> "boto3.Session":
        import boto3

        if self.home is None:
            return boto3.Session(region_name=os.environ.get("AWS_REGION") or None)
        from botocore.session import Session

        from lakehouse_local.home import REGION

        # A profile named by the user's AWS_PROFILE may not exist, and does not matter here.
        core = Session()
        core.set_config_variable("profile", None)
        core.get_component("config_store").set_config_variable("profile", None)
        return boto3.Session(
            botocore_session=core,
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - the local AWS checks no key
            region_name=REGION,
        )


def is_denied(error: "ClientError") -> bool:
    """Whether AWS refused a call because these credentials may not make it."""
    return error.response.get("Error", {}).get("Code") in _DENIED


@contextmanager
def aws_errors(environment: Environment) -> Iterator[None]:
    """Turn what boto3 raises into one line that says what to do."""
    from botocore import exceptions

    try:
        yield
    except (exceptions.EndpointConnectionError, exceptions.ConnectionClosedError) as error:
        if environment.endpoint:
            raise LocalAwsDownError(environment.endpoint) from error
        raise AwsError(
            f"no connection to AWS: {error}: check the network and the region"
        ) from error
    except exceptions.ProfileNotFound as error:
        raise CredentialsError(f"{error}: set AWS_PROFILE to a profile that exists") from error
    except (exceptions.NoCredentialsError, exceptions.PartialCredentialsError) as error:
        raise CredentialsError(
            f"no AWS credentials for --env {environment.name}: sign in (`aws sso login`)"
            " or set AWS_PROFILE"
        ) from error
    except exceptions.NoRegionError as error:
        raise CredentialsError(
            f"no AWS region for --env {environment.name}: set AWS_REGION or a profile that has one"
        ) from error
    except exceptions.ClientError as error:
        answer = error.response.get("Error", {})
        if answer.get("Code") in _SIGNED_OUT:
            raise CredentialsError(
                f"AWS no longer takes the credentials for --env {environment.name}"
                f" ({answer['Code']}): sign in again (`aws sso login`), or set AWS_PROFILE or the"
                " keys to others"
            ) from error
        raise AwsError(
            f"AWS refused {error.operation_name}: {answer.get('Code')}: {answer.get('Message')}"
        ) from error
    except exceptions.BotoCoreError as error:
        raise AwsError(f"AWS could not be asked: {error}") from error
