"""Runs the shipped job in child processes that stop themselves at a step.

Imports cost seconds, a fork does not: the job's modules are loaded once, before anything
of them has run. Commands are lines of JSON on standard input, answers on standard output.
"""

import itertools
import json
import os
import signal
import sys
import threading

from lakehouse_jobs.entry import salesforce_extractor
from lakehouse_jobs.extract import pages, steps
from lakehouse_jobs.extract.task import Task


def run(
    arguments: list[str], step: str | None, edge: str, nth: int, signalled: int, after: float
) -> None:
    """The job as Glue starts it, but for a hook and shorter waits for dead owners.

    :param step: where the signal comes, at the ``nth`` time; ``any``: at the ``nth`` edge.
    :param after: seconds from there to the signal; the run goes on meanwhile.
    """
    met = itertools.count(1)

    def signals() -> None:
        os.kill(os.getpid(), signalled)

    def hook(taken: steps.Step, at: str) -> None:
        if (step == "any" or (taken.value, at) == (step, edge)) and next(met) == nth:
            if after:
                threading.Timer(after, signals).start()
            else:
                signals()

    steps.hook = hook
    salesforce_extractor.main(arguments)


def start(log: str, small: int, dead_after: float | None, **command) -> int:
    """Fork; the child's process id. ``dead_after``: seconds, as shipped where it is None."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(out, 1)
        os.dup2(out, 2)
        pages.SMALL = small
        if dead_after is not None:
            Task.__init__.__kwdefaults__.update(beat=dead_after / 5, dead_after=dead_after)
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
