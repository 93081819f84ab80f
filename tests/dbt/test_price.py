"""The price that README tells is that of the project as it is shipped."""

from typing import Any, Final

import pytest

from benchmarks.cost_of_a_run import NODES

CLOSE: Final = 0.05  # the seconds that are assumed are no closer


@pytest.mark.parametrize("manifest", ["false"], indirect=True)  # as shipped: of one currency
def test_a_build_is_priced_by_the_nodes_that_it_runs(manifest: dict[str, Any]) -> None:
    built = [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "seed", "test")
        and node["config"]["materialized"] != "ephemeral"
    ]

    assert pytest.approx(len(built), rel=CLOSE) == NODES, (
        f"a build runs {len(built)} nodes: write that into NODES of benchmarks/cost_of_a_run.py,"
        " and what it prints into README.md and docs/benchmarks.md"
    )
