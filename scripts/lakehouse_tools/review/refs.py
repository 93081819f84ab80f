"""The assembly of a git ref: the commit's own files, synthesized with this environment."""

import os
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Final

from lakehouse_tools.errors import DeployError, RequestError
from lakehouse_tools.review.assembly import Assembly

_GIT_SECONDS: Final = 300
_SYNTH_SECONDS: Final = 1800  # the first one of a lock file fetches its wheels


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
    if archive.returncode != 0:
        raise DeployError(
            f"the files of {what} cannot be read: {_last(archive.stderr.decode())}; `git fsck` says"
            " what the checkout lacks"
        )
    with tarfile.open(fileobj=BytesIO(archive.stdout)) as tar:
        tar.extractall(sources, filter="data")
    return _synthesized(what, sources, folder / "cdk.out", environ)


def _synthesized(what: str, sources: Path, target: Path, environ: Mapping[str, str]) -> Assembly:
    try:
        done = subprocess.run(
            [sys.executable, "app.py"],
            cwd=sources,
            env=_environment(sources, target, environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=_SYNTH_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DeployError(
            f"{what} was not synthesized within {_SYNTH_SECONDS // 60} minutes: check the network,"
            " as the first synthesis fetches wheels"
        ) from None
    if done.returncode != 0:
        raise DeployError(f"{what} could not be synthesized: {_last(done.stderr)}")
    return Assembly.at(target)


def _environment(sources: Path, target: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """The commit's code gets none of the caller's AWS settings: it may be a stranger's."""
    # The packages of the commit come before those that are installed.
    roots = [str(sources / root) for root in ("constructs", "glue_jobs")]
    paths = [*roots, environ.get("PYTHONPATH", "")]
    return {
        **{name: value for name, value in environ.items() if not name.startswith("AWS_")},
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "PYTHONDONTWRITEBYTECODE": "1",
        "CDK_OUTDIR": str(target),
        # Construct paths, as the CDK CLI asks for them: names that people know.
        "CDK_CONTEXT_JSON": '{"aws:cdk:enable-path-metadata": true}',
    }


def _git(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["git", "-C", str(checkout), *arguments],
            capture_output=True,
            timeout=_GIT_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise RequestError("git is not installed: name two folders with assemblies") from None
    except subprocess.TimeoutExpired:
        raise DeployError(
            f"git {arguments[0]} did not end within {_GIT_SECONDS} seconds: see that {checkout} is"
            " on a disk that answers"
        ) from None


def _last(output: str) -> str:
    """What a program said last."""
    return (output.strip().splitlines() or ["no output"])[-1]
