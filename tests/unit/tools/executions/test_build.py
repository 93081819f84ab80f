import pytest

from lakehouse_tools.executions.build import apply
from lakehouse_tools.executions.progress import BuildProgress, NodeProgress

# As dbt-core 1.10 prints them, with the colours it uses where they are switched on.
LINES = """\
06:41:02  Running with dbt=1.10.23
06:41:05  Concurrency: 1 threads (target='lakehouse')
06:41:05  1 of 6 START seed file lakehouse_dev_staging.opportunity_stages ............... [RUN]
06:41:07  1 of 6 OK loaded seed file lakehouse_dev_staging.opportunity_stages ........... [INSERT 9 in 2.15s]
06:41:07  2 of 6 START sql incremental model lakehouse_dev_staging.stg_x ................ [RUN]
06:41:11  2 of 6 OK created sql incremental model lakehouse_dev_staging.stg_x ........... [\x1b[32mOK\x1b[0m in 3.21s]
06:41:11  3 of 6 START test unique_stg_x ................................................ [RUN]
06:41:12  3 of 6 FAIL 3 unique_stg_x .................................................... [\x1b[31mFAIL 3\x1b[0m in 0.51s]
06:41:12  4 of 6 SKIP relation lakehouse_dev_marts.dim_x ................................ [\x1b[33mSKIP\x1b[0m]
06:41:12  5 of 6 START sql table model lakehouse_dev_marts.fct_x ........................ [RUN]
06:41:13  5 of 6 ERROR creating sql table model lakehouse_dev_marts.fct_x ............... [\x1b[31mERROR\x1b[0m in 1.02s]
06:41:13  6 of 6 START test not_null_x .................................................. [RUN]
06:41:13  Done. PASS=2 WARN=0 ERROR=1 SKIP=1 TOTAL=6
"""  # noqa: E501


@pytest.fixture
def build() -> BuildProgress:
    build = BuildProgress(build_id="dbt:1", state="IN_PROGRESS")
    for text in LINES.splitlines():
        apply(build, text)
    return build


def test_nodes_end_as_dbt_says(build):
    assert [(n.status, n.detail, n.seconds) for n in build.finished] == [
        ("OK", "INSERT 9", 2.15),
        ("OK", "OK", 3.21),
        ("FAIL", "FAIL 3", 0.51),
        ("SKIP", "SKIP", 0.0),
        ("ERROR", "ERROR", 1.02),
    ]


def test_descriptions_are_without_the_verb(build):
    assert [n.text for n in build.nodes.values()] == [
        "seed file lakehouse_dev_staging.opportunity_stages",
        "sql incremental model lakehouse_dev_staging.stg_x",
        "unique_stg_x",
        "lakehouse_dev_marts.dim_x",
        "sql table model lakehouse_dev_marts.fct_x",
        "test not_null_x",
    ]


def test_what_runs_has_no_status_yet(build):
    running = [n for n in build.nodes.values() if n.status is None]
    assert running == [NodeProgress(index=6, total=6, text="test not_null_x")]
    assert build.total == 6
