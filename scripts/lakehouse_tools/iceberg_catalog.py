"""The lake's Iceberg tables by PyIceberg, as an environment's credentials reach them."""

from typing import TYPE_CHECKING

from lakehouse_tools.environment import Environment

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog


def catalog(environment: Environment) -> "Catalog":
    """The Glue Data Catalog. Raises NoCredentialsError as boto3 does."""
    from pyiceberg.catalog import load_catalog

    found = environment.storage()
    properties = {
        "client.access-key-id": found["KEY_ID"],
        "client.secret-access-key": found["SECRET"],
        "client.session-token": found.get("SESSION_TOKEN"),
        "client.region": found.get("REGION"),
        "glue.endpoint": environment.endpoint,
        "s3.endpoint": environment.endpoint,
    }
    given = {name: value for name, value in properties.items() if value is not None}
    return load_catalog("lakehouse", type="glue", **given)
