"""CDK's own diff of two assemblies, without an account."""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from lakehouse_tools.deploy import cdk
from lakehouse_tools.errors import DeployError
from lakehouse_tools.review.assembly import Assembly

_SECONDS: Final = 300
# Lines of the CLI about itself.
_ASIDE: Final = re.compile(r"^(✨|\(NOTE: )|^Stack \S+$|^\[WARNING\]|^NOTICES|telemetry", re.I)


def cdk_diff(
    base: Assembly, head: Assembly, stack: str, *, node_modules: Path, environ: Mapping[str, str]
) -> str:
    """What ``cdk diff`` prints. Raises DeployError."""
    argv = [
        *cdk.command(node_modules),
        *("diff", stack, "--no-color", "--no-change-set", "--no-notices"),
        *("--app", str(head.folder)),
        *("--template", str(base.folder / f"{stack}.template.json")),
    ]
    try:
        done = subprocess.run(
            argv,
            env=cdk.child_environment(
                {"NO_COLOR": "1"}, cache=head.folder / ".cdk", drop_aws=True, environ=environ
            ),
            cwd=head.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DeployError(
            f"cdk diff {stack} did not end within {_SECONDS} seconds: try again, with less beside"
            " it on this machine"
        ) from None
    if done.returncode != 0:
        last = (done.stdout.strip().splitlines() or ["no output"])[-1]
        raise DeployError(f"cdk diff {stack} failed with exit status {done.returncode}: {last}")
    lines = [line.rstrip() for line in done.stdout.splitlines() if not _ASIDE.search(line)]
    return os.linesep.join(lines).strip()
