"""The stack as it is synthesized, against a hand-written old one."""

from pathlib import Path

from lakehouse_tools.comparison.infrastructure.compared import compared
from lakehouse_tools.comparison.infrastructure.system import read_old, system
from lakehouse_tools.review.assembly import Assembly

OLD = (
    Path(__file__).parents[1]
    / "unit" / "tools" / "comparison" / "infrastructure" / "old_lake.json"
)  # fmt: skip


def test_the_real_stack_is_nowhere_more_open(assembly: Path):
    new = system(Assembly.at(assembly).stacks["LakehouseProd"].content)
    found = compared(read_old([OLD]), new, files=[], stack="LakehouseProd", physical={}, agreed=())
    assert found.worse == []
    assert {one.id for one in found.lacking} == {
        "AgencyRole",
        "AlertTopic",  # nobody subscribes to it in the template
        "DataBucket",  # calls a function when an object arrives
        "PartnerRule",
        "RowsAlarm",
        "ScoringJob",
        "SettingsParameter",
        "TopAccounts",
        "prod-lake-bucket",
    }
    assert {one.id for one in found.imports if one.ready} == {"DataBucket"}
