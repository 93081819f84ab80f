"""Python modules that a Glue job brings along, installed as Glue installs them.

``--additional-python-modules s3://….gluewheels.zip`` with
``--python-modules-installer-option --no-index``: pip installs the zip's requirements from
its wheels, on top of Glue's own packages
(docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-python-libraries.html).
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import zipfile
from io import BytesIO
from pathlib import Path

from lakehouse_local.home import Home
from lakehouse_local.local_aws.processes import own_environment


class ModulesError(RuntimeError):
    """The zip of wheels cannot be installed; one line."""


def python_with(home: Home, archive: bytes) -> Path:
    """Interpreter with Glue's packages and those of a ``.gluewheels.zip``.

    Each zip is installed once into a folder named by its digest.
    """
    folder = home.runtimes / "glue_modules"
    folder.mkdir(parents=True, exist_ok=True)
    base = (home.runtimes / "glue" / ".complete").read_text()
    name = hashlib.sha256(base.encode() + archive).hexdigest()[:32]
    environment = folder / name
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs with one new zip: one installs
        if not environment.exists():
            partial = folder / f"{name}.partial"
            shutil.rmtree(partial, ignore_errors=True)
            _make_environment(home, partial)
            _install(partial, archive)
            partial.rename(environment)
    return environment / "bin" / "python"


def _make_environment(home: Home, folder: Path) -> None:
    """An environment that sees Glue's packages behind its own, pip among them."""
    _run([home.glue_python, "-m", "venv", "--without-pip", folder])
    site = next(folder.glob("lib/python*/site-packages"))
    (site / "glue_base.pth").write_text(
        os.fspath(next((home.runtimes / "glue").glob("lib/python*/site-packages"))) + "\n"
    )


def _install(environment: Path, archive: bytes) -> None:
    wheels = environment / "wheels"
    try:
        with zipfile.ZipFile(BytesIO(archive)) as unpacked:
            unpacked.extractall(wheels)
    except zipfile.BadZipFile as error:
        raise ModulesError("the archive of modules is not a zip file") from error
    found = list(wheels.rglob("requirements.txt"))
    if len(found) != 1:
        raise ModulesError(f"the archive of modules holds {len(found)} requirements.txt, not one")
    pip = [environment / "bin" / "python", "-m", "pip", "install", "--no-index", "--quiet"]
    _run([*pip, "--find-links", found[0].parent, "--requirement", found[0]])
    shutil.rmtree(wheels)


def _run(argv: list[str | Path]) -> None:
    done = subprocess.run(
        [str(word) for word in argv],
        env={**own_environment(), "PIP_CONFIG_FILE": os.devnull},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        lines = errors or done.stderr.splitlines()
        raise ModulesError(" ".join(lines)[:1000] or f"{argv[0]} ended with {done.returncode}")
