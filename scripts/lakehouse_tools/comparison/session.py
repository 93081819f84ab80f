"""What a comparison needs of the world: its engine and its sides, where the configuration says."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lakehouse_tools.comparison.engines import Engine
from lakehouse_tools.comparison.model import ComparisonConfig
from lakehouse_tools.comparison.sides import Sides
from lakehouse_tools.environment import Environment
from lakehouse_tools.errors import RequestError
from lakehouse_tools.stack import Stack, read_stack


@dataclass(frozen=True, kw_only=True)
class Session:
    """An open engine, and the environment where the sides are not all on this machine."""

    engine: Engine
    sides: Sides
    environment: Environment | None
    stack: Stack | None


@contextmanager
def opened(
    config: ComparisonConfig, environment: Environment, *, engine: str, memory: str
) -> Iterator[Session]:
    """A session; files on disk alone need neither AWS nor a deployed stack."""
    if config.on_disk:
        if engine == "athena":
            raise RequestError(
                "--engine: got 'athena', but both sides are files on this machine: use duckdb"
            )
        from lakehouse_tools.comparison.engines.duck import DuckDbEngine

        with DuckDbEngine(memory=memory) as duck:
            yield Session(engine=duck, sides=Sides(), environment=None, stack=None)
        return
    stack = read_stack(environment)
    sides = Sides(environment, stack)
    if engine == "athena":
        from lakehouse_tools.comparison.engines.lake import AthenaEngine

        lake = AthenaEngine(environment, stack)
        yield Session(engine=lake, sides=sides, environment=environment, stack=stack)
        return
    from lakehouse_tools.comparison.engines.duck import DuckDbEngine

    with DuckDbEngine(memory=memory, storage=environment.storage()) as duck:
        yield Session(engine=duck, sides=sides, environment=environment, stack=stack)
