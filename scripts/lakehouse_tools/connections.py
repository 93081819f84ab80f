"""Each connection that the pipeline needs, tried once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lakehouse_tools import athena, secret
from lakehouse_tools.environment import Environment, aws_errors
from lakehouse_tools.stack import Stack


@dataclass(frozen=True, kw_only=True)
class Check:
    """One connection and how it went."""

    name: str
    passed: bool
    text: str


def check_all(environment: Environment, stack: Stack) -> Iterator[Check]:
    """S3, catalog, Athena, secret, Salesforce; a failed one does not stop the others."""
    for name, attempt in (
        ("S3", _s3),
        ("catalog", _catalog),
        ("Athena", _athena),
        ("secret", _secret),
        ("Salesforce", _salesforce),
    ):
        yield _try(name, environment, stack, attempt)


def _try(
    name: str,
    environment: Environment,
    stack: Stack,
    attempt: Callable[[Environment, Stack], str],
) -> Check:
    try:
        with aws_errors(environment):
            return Check(name=name, passed=True, text=attempt(environment, stack))
    except Exception as error:
        return Check(name=name, passed=False, text=" ".join(str(error).split()))


def _s3(environment: Environment, stack: Stack) -> str:
    environment.client("s3").head_bucket(Bucket=stack.lake_bucket_name)
    return f"bucket {stack.lake_bucket_name}"


def _catalog(environment: Environment, stack: Stack) -> str:
    client = environment.client("glue")
    names = (
        stack.raw_database,
        stack.staging_database,
        stack.intermediate_database,
        stack.marts_database,
    )
    for name in names:
        client.get_database(Name=name)
    return f"databases {', '.join(names)}"


def _athena(environment: Environment, stack: Stack) -> str:
    athena.query(environment, stack, "select 1")
    return f"workgroup {stack.athena_work_group_name}"


def _secret(environment: Environment, stack: Stack) -> str:
    return f"filled for {secret.require_filled(environment, stack)}"


def _salesforce(environment: Environment, stack: Stack) -> str:
    secret.require_filled(environment, stack)
    from lakehouse_jobs.contract.objects import API_VERSION
    from lakehouse_jobs.salesforce import Org, RetryPolicy, Transport, read_secret

    text = secret.read(environment, stack)
    credentials = read_secret(text, name=stack.salesforce_secret_arn)
    # Somebody is waiting: two attempts, where the job would be patient.
    org = Org(
        Transport(credentials, policy=RetryPolicy(attempts=2, connect_timeout=5.0)),
        api_version=API_VERSION,
    )
    return f"signed in to org {org.org_id}, {len(org.object_names())} objects can be queried"
