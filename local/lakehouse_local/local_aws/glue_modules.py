"""Python modules that a Glue job brings along, installed as Glue installs them.

``--additional-python-modules s3://….gluewheels.zip`` with
``--python-modules-installer-option --no-index``: pip installs the zip's requirements from
its wheels, on top of Glue's own packages
(docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-python-libraries.html).
"""

import fcntl
import hashlib
import shutil
import zipfile
from io import BytesIO
from pathlib import Path

from lakehouse_local.home import Home
from lakehouse_local.local_aws.overlays import OverlayError, make_overlay, run_quietly


def python_with(home: Home, archive: bytes) -> Path:
    """Interpreter with Glue's packages and those of a ``.gluewheels.zip``.

    Each zip is installed once, into a folder named by its digest. Raises `OverlayError`.
    """
    glue = home.runtimes / "glue"
    folder = home.runtimes / "glue_modules"
    folder.mkdir(parents=True, exist_ok=True)
    base = (glue / ".complete").read_bytes() + str(glue).encode()
    name = hashlib.sha256(base + archive).hexdigest()[:32]
    environment = folder / name
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs with one new zip: one installs
        # An interpreter finds its packages from its own place: no rename afterwards.
        stamp = environment / ".complete"
        if not stamp.exists():
            shutil.rmtree(environment, ignore_errors=True)
            _install(make_overlay(glue, environment), archive, environment / "wheels")
            stamp.touch()
    return environment / "bin" / "python"


def _install(python: Path, archive: bytes, wheels: Path) -> None:
    try:
        with zipfile.ZipFile(BytesIO(archive)) as unpacked:
            unpacked.extractall(wheels)
    except zipfile.BadZipFile as error:
        raise OverlayError("the archive of modules is not a zip file") from error
    found = list(wheels.rglob("requirements.txt"))
    if len(found) != 1:
        raise OverlayError(f"the archive of modules holds {len(found)} requirements.txt, not one")
    pip = [python, "-m", "pip", "install", "--no-index", "--quiet"]
    run_quietly([*pip, "--find-links", found[0].parent, "--requirement", found[0]])
    shutil.rmtree(wheels)
