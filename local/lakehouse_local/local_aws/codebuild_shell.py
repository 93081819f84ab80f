"""The commands of a build as one bash program.

Buildspec 0.2 runs all commands in one shell, so variables and the working directory last
(docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html). After a failed
install or pre_build the build ends; after a failed build post_build still runs
(docs.aws.amazon.com/codebuild/latest/userguide/view-build-details-phases.html).

The program tells what happens on file descriptor 9, one line each:
``START phase``, ``FAIL phase number status``, ``STOP phase status``.
"""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from lakehouse_local.local_aws.codebuild_spec import PHASES, BuildSpec, Phase

_PREAMBLE: Final = """\
exec 9>>{events}
export CODEBUILD_BUILD_SUCCEEDING=1
__say() {{ printf '[Container] %(%Y/%m/%d %H:%M:%S)T %s\\n' -1 "$*"; }}
__state() {{ [ $__failed = 0 ] && echo SUCCEEDED || echo FAILED; }}
__phase=; __number=0; __failed=0
"""
# A command that leaves the shell ends its phase, and the rest is done from here.
_LEFT: Final = """\
__status=$?
trap - EXIT
[ $__status = 0 ] && __status=1
__say "A command ended the shell (exit, or set -e)"
echo "FAIL $__phase $__number $__status" >&9
echo "STOP $__phase $__status" >&9
__failed=1
if [ "$__phase" = build ]; then
  export CODEBUILD_BUILD_SUCCEEDING=0
  . {post_build}
fi
exit 1
"""
_ONE: Final = """\
__number={number}
if [ $__failed = 0 ]; then
  __say Running command {command}
  eval {command}
  __status=$?
  if [ $__status != 0 ]; then
    __failed=1
    __say "Command did not exit successfully" {command} "exit status $__status"
    echo "FAIL {phase} {number} $__status" >&9
  fi
fi
"""
_LAST: Final = """\
__say Running command {command}
eval {command}
"""


def write_program(spec: BuildSpec, *, folder: Path, events: Path, exports: Path) -> Path:
    """Write the program's files into ``folder``; the one to run.

    Values of exported variables end up in ``exports``, a file for each.
    """
    post_build = folder / "post_build.sh"
    post_build.write_text(
        "".join(_phase("post_build", spec.phases["post_build"])) + _export(spec, exports)
    )
    left = folder / "left.sh"
    left.write_text(_LEFT.format(post_build=shlex.quote(str(post_build))))
    lines = [_PREAMBLE.format(events=shlex.quote(str(events)))]
    lines += [f"trap '. {shlex.quote(str(left))}' EXIT\n"]
    # A stopped build runs nothing more.
    lines += ["trap 'trap - EXIT; exit 143' TERM\n"]
    for name in PHASES[:-1]:
        lines += _phase(name, spec.phases[name])
        if name == "build":
            lines += ["[ $__failed = 0 ] || export CODEBUILD_BUILD_SUCCEEDING=0\n"]
        else:
            lines += ["[ $__failed = 0 ] || { trap - EXIT; exit 1; }\n"]
    lines += [f". {shlex.quote(str(post_build))}\n", "trap - EXIT\n"]
    lines += ["[ $CODEBUILD_BUILD_SUCCEEDING$__failed = 10 ] || exit 1\nexit 0\n"]
    program = folder / "build.sh"
    program.write_text("".join(lines))
    return program


def _phase(name: str, phase: Phase) -> Iterator[str]:
    yield f"__phase={name}; __failed=0; __say Entering phase {name.upper()}\n"
    yield f"echo START {name} >&9\n"
    for number, command in enumerate(phase.commands):
        yield _ONE.format(number=number, command=shlex.quote(command), phase=name)
    for command in phase.last:
        yield _LAST.format(command=shlex.quote(command))
    yield f"echo STOP {name} $__failed >&9\n"
    yield f"__say Phase complete: {name.upper()} State: $(__state)\n"


def _export(spec: BuildSpec, exports: Path) -> str:
    return "".join(
        f'printf %s "${{{name}-}}" > {shlex.quote(str(exports / name))}\n' for name in spec.exported
    )
