"""The assembly of a git ref: the commit's own files, synthesized with this environment."""

import os
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

from lakehouse_tools.errors import DeployError, RequestError
from lakehouse_tools.review.assembly import Assembly


def assembly_of(what: str, *, checkout: Path, folder: Path, environ: Mapping[str, str]) -> Assembly:
    """The assembly in a folder, or that of a git ref, made below ``folder``.

    Raises RequestError for what is neither, DeployError where the synthesis fails.
    """
    if Path(what).is_dir():
        return Assembly.at(Path(what).resolve())
    commit = _git(checkout, "rev-parse", "--verify", "--quiet", f"{what}^{{commit}}")
    if commit.returncode != 0:
        raise RequestError(
            f"{what} is neither a folder with a cloud assembly nor a git ref of {checkout}: "
            "name one of both, such as cdk.out or origin/main"
        )
    sources = folder / "sources"
    sources.mkdir(parents=True)
    archive = _git(checkout, "archive", "--format=tar", commit.stdout.decode().strip())
    with tarfile.open(fileobj=BytesIO(archive.stdout)) as tar:
        tar.extractall(sources, filter="data")
    return _synthesized(what, sources, folder / "cdk.out", environ)


def _synthesized(what: str, sources: Path, target: Path, environ: Mapping[str, str]) -> Assembly:
    # The packages of the commit come before those that are installed.
    roots = [str(sources / root) for root in ("constructs", "glue_jobs")]
    done = subprocess.run(
        [sys.executable, "app.py"],
        cwd=sources,
        env={
            **environ,
            "PYTHONPATH": os.pathsep.join([*roots, environ.get("PYTHONPATH", "")]).rstrip(
                os.pathsep
            ),
            "PYTHONDONTWRITEBYTECODE": "1",
            "CDK_OUTDIR": str(target),
            # Construct paths, as the CDK CLI asks for them: names that people know.
            "CDK_CONTEXT_JSON": '{"aws:cdk:enable-path-metadata": true}',
        },
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        raise DeployError(f"{what} could not be synthesized: {last}")
    return Assembly.at(target)


def _git(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["git", "-C", str(checkout), *arguments], capture_output=True, check=False
        )
    except FileNotFoundError:
        raise RequestError("git is not installed: name two folders with assemblies") from None
