"""The Glue Data Catalog through PyIceberg."""

from typing import Final

from pyiceberg.catalog import Catalog, load_catalog

# A fixed name: PYICEBERG_CATALOG__LAKEHOUSE__* in the environment leads to a local AWS.
CATALOG_NAME: Final = "lakehouse"


def raw_catalog(*, region: str) -> Catalog:
    """The catalog. Its S3 region is explicit, or PyArrow would ask the network for it."""
    return load_catalog(
        CATALOG_NAME,
        **{
            "type": "glue",
            "glue.region": region,
            "s3.region": region,
            "py-io-impl": "pyiceberg.io.pyarrow.PyArrowFileIO",
        },
    )
