"""Models of what real orgs described. The project carries no copy of the recordings."""

import json
import re
import shutil
from pathlib import Path

import pytest

from lakehouse_jobs.contract.objects import FieldRules
from lakehouse_tools.dbt_models import names
from lakehouse_tools.dbt_models.facts import FieldFacts, ObjectFacts, from_describe
from lakehouse_tools.dbt_models.plan import What, make_plan
from lakehouse_tools.dbt_models.project import FOLDER, read_project
from lakehouse_tools.dbt_models.writing import write

ROOT = Path(__file__).parents[4]
RECORDED = ROOT.parent / "shared" / "salesforce" / "describe"

pytestmark = pytest.mark.skipif(
    not RECORDED.is_dir(), reason="the recorded describes are not beside the repo"
)


@pytest.fixture
def project(tmp_path):
    ignore = shutil.ignore_patterns("target", "logs")
    return Path(shutil.copytree(ROOT / "dbt_project", tmp_path / "dbt_project", ignore=ignore))


@pytest.fixture(scope="module")
def recorded():
    found = {}
    for path in sorted(RECORDED.glob("*.json")):
        if path.stem != "Global":
            found[path.stem] = from_describe(json.loads(path.read_text()), FieldRules())
    assert {"Account", "Case", "Contact", "Event", "Lead", "Opportunity"} <= found.keys()
    return found


def test_recorded_objects_are_written_once(project, recorded):
    shipped = {table: each.model for table, each in read_project(project).generated.items()}

    plan = make_plan(read_project(project), recorded.values(), left_out={})
    write(project, FOLDER, {name: plan.files[name] for name in plan.changed})

    rows = {row.object: row for row in plan.rows if row.what is not What.DROPPED}
    assert {row.what for row in rows.values()} == {What.UPDATED}
    after = read_project(project)
    assert make_plan(after, recorded.values(), left_out={}).changed == ()
    for name, facts in recorded.items():
        model = after.generated[name.lower()].model
        columns = [column.name for column in model.columns]
        assert len(columns) == len(set(columns))
        assert set(columns).isdisjoint(names.RESERVED | names.TAKEN)
        assert all(re.fullmatch(r"[a-z][a-z0-9_]*", column) for column in columns)
        # Each field that is extracted has a column, and no shipped name is lost.
        fields = {f.raw for f in facts.fields} - names.VERSION_FIELDS
        assert fields <= {column.raw for column in model.columns}
        assert {c.name for c in shipped[name.lower()].columns} <= set(columns)
        listed = plan.files[f"{model.name}.yml"]
        assert "listed_values_" in listed
        assert "known_references_" in listed


def test_every_object_of_a_recorded_org_gets_a_name_of_its_own(project):
    everything = json.loads((RECORDED / "Global.json").read_text())["sobjects"]
    id = FieldFacts(name="Id", type="id")
    facts = [ObjectFacts(name=row["name"], label=row["label"], fields=(id,)) for row in everything]

    plan = make_plan(read_project(project), facts, left_out={})

    written = (What.WRITTEN, What.UPDATED)
    models = [str(row.model) for row in plan.rows if row.what in written]
    assert len(models) > 100
    assert len(set(models)) == len(models)
    assert [m for m in models if not re.fullmatch(r"stg_salesforce__[a-z][a-z0-9_]*s", m)] == []
