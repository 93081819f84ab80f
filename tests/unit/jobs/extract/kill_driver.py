"""Runs the shipped job in child processes that stop themselves at a step.

Imports cost seconds, a fork does not: the job's modules are loaded once, before anything
of them has run. Commands are lines of JSON on standard input, answers on standard output.
"""

import json
import os
import signal
import sys

from lakehouse_jobs.entry import salesforce_extractor
from lakehouse_jobs.extract import pages, steps
from lakehouse_jobs.extract.task import Task


def run(arguments: list[str], step: str | None, edge: str, nth: int, signalled: int) -> None:
    """The job as Glue starts it, but for a hook and shorter waits for dead owners."""
    met = 0

    def hook(taken: steps.Step, at: str) -> None:
        nonlocal met
        if (taken.value, at) == (step, edge):
            met += 1
            if met == nth:
                os.kill(os.getpid(), signalled)

    steps.hook = hook
    salesforce_extractor.main(arguments)


def start(log: str, small: int, quick: float, **command) -> int:
    """Fork; the child's process id."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(out, 1)
        os.dup2(out, 2)
        pages.SMALL = small
        Task.__init__.__kwdefaults__.update(beat=quick / 5, dead_after=quick)
        run(**command)
        status = 0
    except SystemExit as failed:
        print(failed.code, flush=True)
    except BaseException as failed:
        print(repr(failed), flush=True)
    finally:
        sys.stdout.flush()
        os._exit(status)


def serve() -> None:
    """Answer until standard input ends."""
    for line in sys.stdin:
        command = json.loads(line)
        if "wait" in command:
            _, status = os.waitpid(command["wait"], os.WUNTRACED)
            stopped = os.WIFSTOPPED(status)
            answer = "stopped" if stopped else os.waitstatus_to_exitcode(status)
        else:
            answer = start(**command)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve()
