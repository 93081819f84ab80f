"""The gate asked of an environment: its files are read, its runs fetched."""

from functools import partial
from pathlib import Path
from typing import Final

from lakehouse_tools.comparison import acceptances, gate, trend
from lakehouse_tools.comparison.errors import before_comparing
from lakehouse_tools.comparison.gate import Requirement
from lakehouse_tools.comparison.reading import read_config
from lakehouse_tools.comparison.report.files import read_runs
from lakehouse_tools.comparison.run import Kind
from lakehouse_tools.environment import Environment, aws_errors
from lakehouse_tools.stack import read_stack

REPORTS: Final = Path("comparison")  # where `lakehouse compare` leaves its reports


def ask(
    environment: Environment, config_path: Path, *, reports: Path | None = None
) -> list[Requirement]:
    """Everything that the cut-over needs, met or not.

    The runs are the lake's, but those of ``reports`` where that folder is named, or both sides
    are files on this machine. Acceptances and checklist lie beside the configuration. Raises
    :class:`ComparisonFailedError` where something cannot be read, and what
    :func:`~lakehouse_tools.stack.read_stack` does.
    """
    with before_comparing():
        config = read_config(config_path)
        accepted = acceptances.read_acceptances(acceptances.beside(config, acceptances.FILE))
        checklist = gate.read_checklist(acceptances.beside(config, gate.CHECKLIST))
    if reports is not None or config.on_disk:
        runs = read_runs(reports or REPORTS, Kind.COMPARISON)
    else:
        with aws_errors(environment):
            runs = trend.recorded(
                environment, read_stack(environment), partial(gate.enough_runs, config)
            )
    return gate.requirements(config, runs, accepted, checklist)
