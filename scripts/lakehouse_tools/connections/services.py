"""The services of AWS that a run uses, tried with these credentials."""

from collections.abc import Callable, Iterator
from functools import partial
from uuid import uuid4

from lakehouse_jobs.contract.runs import TEMPORARY_PREFIX
from lakehouse_tools import athena, secret
from lakehouse_tools.checks import CheckFailedError, Note
from lakehouse_tools.environment import Environment
from lakehouse_tools.stack import Stack


def s3(environment: Environment, stack: Stack) -> str:
    """Write, read and delete an object where the lake keeps what is temporary."""
    client = environment.client("s3")
    key = f"{TEMPORARY_PREFIX}connections/{uuid4()}"
    name = {"Bucket": stack.lake_bucket_name, "Key": key}
    body = key.encode()
    client.put_object(**name, Body=body)
    try:
        if client.get_object(**name)["Body"].read() != body:
            raise CheckFailedError(
                f"s3://{stack.lake_bucket_name}/{key} gave back something else than was put",
                "look at what stands between this machine and S3, such as a proxy",
            )
    finally:
        client.delete_object(**name)
    return f"bucket {stack.lake_bucket_name}: put, read and deleted an object"


def kms(environment: Environment, stack: Stack) -> str:
    """The key that the bucket encrypts with is there and can be used."""
    rules = environment.client("s3").get_bucket_encryption(Bucket=stack.lake_bucket_name)
    first = rules["ServerSideEncryptionConfiguration"]["Rules"][0]
    key = first["ApplyServerSideEncryptionByDefault"].get("KMSMasterKeyID")
    if key is None:
        raise Note(
            f"bucket {stack.lake_bucket_name} encrypts with S3's own keys",
            "give the lake bucket a KMS key if who may read it is to be decided by the key too",
        )
    found = environment.client("kms").describe_key(KeyId=key)["KeyMetadata"]
    if found["KeyState"] != "Enabled":
        raise CheckFailedError(
            f"key {found['KeyId']} of the bucket is {found['KeyState']}",
            "nothing in the lake can be read without it: `aws kms enable-key`, or"
            " `aws kms cancel-key-deletion` and then enable-key",
        )
    return f"key {found['KeyId']} of the bucket is enabled"


def catalog(environment: Environment, stack: Stack) -> str:
    """Each layer's database is there and may be looked at."""
    client = environment.client("glue")
    names = (
        stack.raw_database,
        stack.staging_database,
        stack.intermediate_database,
        stack.marts_database,
    )
    for name in names:
        try:
            client.get_database(Name=name)
        except client.exceptions.EntityNotFoundException:
            raise CheckFailedError(
                f"database {name} is not in the Glue catalog",
                f"deploy again with `lakehouse deploy --env {environment.name}`",
            ) from None
    return f"databases {', '.join(names)}"


def athena_query(environment: Environment, stack: Stack) -> str:
    """A query in the stack's workgroup, results and all."""
    athena.query(environment, stack, "select 1")
    return f"a query in workgroup {stack.athena_work_group_name}"


def filled_secret(environment: Environment, stack: Stack) -> str:
    """The secret can be read, and has the form of the contract."""
    return f"filled for {secret.require_filled(environment, stack)}"


# Name, how to try it, and what to do where an error of AWS does not say.
SERVICES = (
    (
        "S3",
        s3,
        "let these credentials read and write the bucket, and use its key",
    ),
    ("KMS", kms, "let these credentials look at the key (kms:DescribeKey)"),
    (
        "catalog",
        catalog,
        "let these credentials read the Glue catalog; where Lake Formation decides,"
        " grant them DESCRIBE on the databases",
    ),
    ("Athena", athena_query, "let these credentials use the workgroup and its results' place"),
    ("secret", filled_secret, None),
)


def attempts(
    environment: Environment, stack: Stack
) -> Iterator[tuple[str, Callable[[], str], str | None]]:
    """``(name, attempt, remedy)`` for each service."""
    for name, tried, remedy in SERVICES:
        yield name, partial(tried, environment, stack), remedy
