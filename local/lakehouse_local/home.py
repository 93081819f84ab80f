"""Where a local lakehouse keeps what it needs: run times for all, data for each port."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ACCOUNT: Final = "123456789012"
REGION: Final = "us-east-1"
DEFAULT_PORT: Final = 4566
_MOST_SPARK: Final = 16


@dataclass(frozen=True, kw_only=True)
class Home:
    """The folders of one local lakehouse.

    ``root`` (default ``.lakehouse`` in the working directory, or ``LAKEHOUSE_HOME``)
    holds ``runtimes/``, shared by all lakehouses under it, and ``<port>/`` for each.
    """

    root: Path
    port: int = DEFAULT_PORT

    @classmethod
    def from_environment(cls) -> "Home":
        """From ``LAKEHOUSE_HOME`` and ``LAKEHOUSE_LOCAL_PORT``."""
        root = Path(os.environ.get("LAKEHOUSE_HOME") or ".lakehouse").resolve()
        text = os.environ.get("LAKEHOUSE_LOCAL_PORT") or str(DEFAULT_PORT)
        if not text.isdecimal() or not 1024 <= int(text) <= 65535:
            raise ValueError(f"LAKEHOUSE_LOCAL_PORT: got {text!r}; allowed: a port, 1024 to 65535")
        return cls(root=root, port=int(text))

    @property
    def endpoint(self) -> str:
        """Address of the local AWS."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def runtimes(self) -> Path:
        """Python environments, jars and Node packages, shared by all ports."""
        return self.root / "runtimes"

    @property
    def glue_python(self) -> Path:
        """Interpreter with Glue 5.1's base packages and PySpark."""
        return self.runtimes / "glue" / "bin" / "python"

    @property
    def build_bin(self) -> Path:
        """``bin`` of the environment that stands for CodeBuild's image, with dbt's pins."""
        return self.runtimes / "dbt" / "bin"

    @property
    def jars(self) -> Path:
        """Iceberg's jars, once Spark's resolver fetched them."""
        return self.runtimes / "jars"

    @property
    def node_modules(self) -> Path:
        """The CDK CLI and other Node packages."""
        return self.runtimes / "node" / "node_modules"

    @property
    def instance(self) -> Path:
        """Everything that belongs to this port alone."""
        return self.root / str(self.port)

    @property
    def state(self) -> Path:
        """The local AWS's own state."""
        return self.instance / "state"

    @property
    def s3(self) -> Path:
        """Objects of the local S3."""
        return self.instance / "s3"

    @property
    def logs(self) -> Path:
        """Log files of the server, its jobs, sessions and builds."""
        return self.instance / "logs"

    @property
    def org(self) -> Path:
        """The demo org's data."""
        return self.instance / "org"


def spark_pool_from_environment() -> int:
    """Spark processes started before dbt asks, from ``LAKEHOUSE_SPARK_POOL``; 1 without it."""
    text = os.environ.get("LAKEHOUSE_SPARK_POOL") or "1"
    if not text.isdecimal() or int(text) > _MOST_SPARK:
        raise ValueError(
            f"LAKEHOUSE_SPARK_POOL: got {text!r}; allowed: a number of Spark processes, 0 to "
            f"{_MOST_SPARK}"
        )
    return int(text)


def aws_environment(endpoint: str) -> dict[str, str]:
    """Settings that lead AWS SDKs to the local AWS.

    PyArrow's S3 client does not read ``AWS_ENDPOINT_URL``, so PyIceberg's catalog, which
    is always loaded under the name ``lakehouse``, gets the endpoint on its own.
    """
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYICEBERG_CATALOG__LAKEHOUSE__S3__ENDPOINT": endpoint,
        "PYICEBERG_CATALOG__LAKEHOUSE__S3__REGION": REGION,
    }
