"""PyIceberg's view of the Glue catalog of a local AWS."""

from functools import cache

from pyiceberg.catalog import Catalog, load_catalog

from lakehouse_local.home import REGION


@cache
def local_catalog(endpoint: str) -> Catalog:
    """The catalog behind an endpoint. Cached: each new one makes its clients anew."""
    return load_catalog(
        "lakehouse",
        **{
            "type": "glue",
            "glue.endpoint": endpoint,
            "s3.endpoint": endpoint,
            "client.region": REGION,
            "client.access-key-id": "test",
            "client.secret-access-key": "test",
        },
    )
