"""What the catalog grants where Lake Formation decides, and that it is silent elsewhere."""

import json
from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam

from lakehouse_constructs import (
    IcebergCatalog,
    LakeBucket,
    LakeFormation,
    Layer,
    SynthesisError,
)
from lakehouse_constructs._interfaces import service_principal

GRANT = "AWS::LakeFormation::PrincipalPermissions"
DATABASE = "AWS::Glue::Database"


def _role(stack: Stack, id: str) -> iam.Role:
    return iam.Role(stack, id, assumed_by=service_principal("glue.amazonaws.com"))


def _catalog(stack: Stack, lake, lake_formation: LakeFormation) -> IcebergCatalog:
    return IcebergCatalog(
        stack, "Catalog", lake=lake, prefix="lake_test", lake_formation=lake_formation
    )


def _granted(resources) -> dict[str, dict[str, set[str]]]:
    """Role -> target -> permissions."""
    granted: dict[str, dict[str, set[str]]] = {}
    for grant in resources(GRANT):
        assert grant["PermissionsWithGrantOption"] == []
        role = grant["Principal"]["DataLakePrincipalIdentifier"]["Fn::GetAtt"][0][:-8]
        targets = granted.setdefault(role, {})
        target = _target(grant["Resource"])
        assert target not in targets  # two grants on one target would undo each other
        targets[target] = set(grant["Permissions"])
    return granted


def _awaited(resources: dict[str, Any], name: str) -> set[str]:
    """What CloudFormation makes before a resource, by the whole chain of DependsOn."""
    found: set[str] = set()
    open_ = [name]
    while open_:
        after = set(resources[open_.pop()].get("DependsOn", [])) - found
        found |= after
        open_ += after
    return found


def _database_of(target: dict[str, Any]) -> str:
    return json.dumps(target.get("DatabaseName", target.get("Name")))


def _unawaited(template: dict[str, Any]) -> list[str]:
    """Grants that may be made before the database that they name."""
    resources = template["Resources"]
    by_name = {
        json.dumps(r["Properties"]["DatabaseInput"]["Name"]): id
        for id, r in resources.items()
        if r["Type"] == DATABASE
    }
    return [
        id
        for id, r in resources.items()
        if r["Type"] == GRANT
        for its in r["Properties"]["Resource"].values()
        if (database := by_name.get(_database_of(its))) and database not in _awaited(resources, id)
    ]


def _target(resource: dict[str, Any]) -> str:
    ((kind, its),) = resource.items()
    if kind == "Database":
        return its["Name"]
    if kind == "Table":
        assert its.get("TableWildcard", {}) == {}
        return f"{its['DatabaseName']}.{its.get('Name', '*')}"
    if kind == "TableWithColumns":
        (column,) = its["ColumnNames"]
        return f"{its['DatabaseName']}.{its['Name']}.{column}"
    assert kind == "DataLocation"
    return json.dumps(its["ResourceArn"])


@pytest.fixture
def job(stack: Stack) -> iam.Role:
    return _role(stack, "Job")


class TestOff:
    def test_nothing_of_lake_formation_is_written(self, stack, catalog, job, resources) -> None:
        assert catalog.lake_formation == LakeFormation.OFF
        catalog.grant_extraction(job)
        catalog.grant_build(_role(stack, "Build"), session_role=_role(stack, "Session"))

        assert resources(GRANT) == []
        for database in resources("AWS::Glue::Database"):
            assert "CreateTableDefaultPermissions" not in database["DatabaseInput"]
        assert "lakeformation:" not in json.dumps(resources("AWS::IAM::Policy"))


class TestCatalog:
    @pytest.fixture
    def catalog(self, stack: Stack, lake) -> IcebergCatalog:
        return _catalog(stack, lake, LakeFormation.CATALOG)

    def test_new_tables_answer_to_its_grants_alone(self, catalog, resources) -> None:
        databases = resources("AWS::Glue::Database")

        assert len(databases) == 4
        for database in databases:
            assert database["DatabaseInput"]["CreateTableDefaultPermissions"] == []

    def test_the_job_makes_and_writes_raw_tables_and_drops_none(
        self, catalog, job, resources
    ) -> None:
        catalog.grant_extraction(job)

        assert _granted(resources) == {
            "Job": {
                "lake_test_raw": {"DESCRIBE", "CREATE_TABLE"},
                "lake_test_raw.*": {"SELECT", "INSERT", "DELETE", "ALTER", "DESCRIBE"},
            }
        }

    def test_both_roles_of_dbt_are_granted_what_they_touch(
        self, stack: Stack, catalog, resources
    ) -> None:
        catalog.grant_build(_role(stack, "Build"), session_role=_role(stack, "Session"))

        layers = ("raw", "staging", "intermediate", "marts")
        granted = _granted(resources)
        assert granted["Build"] == {
            target: {"DESCRIBE"}
            for la in layers
            for target in (f"lake_test_{la}", f"lake_test_{la}.*")
        }
        session = granted["Session"]
        assert session.pop("default") == {"DESCRIBE"}
        assert session.pop("lake_test_raw") == {"DESCRIBE"}
        assert session.pop("lake_test_raw.*") == {"SELECT", "DESCRIBE"}
        for layer in layers[1:]:
            assert session.pop(f"lake_test_{layer}") == {"DESCRIBE", "CREATE_TABLE"}
            assert session.pop(f"lake_test_{layer}.*") == {
                *("SELECT", "INSERT", "DELETE", "ALTER", "DESCRIBE", "DROP")
            }
        assert session == {}

    def test_one_role_with_two_parts_gets_the_sum_once_for_each_target(
        self, catalog, job, resources
    ) -> None:
        catalog.grant_extraction(job)
        catalog.grant_build(job, session_role=job)

        granted = _granted(resources)["Job"]  # which refuses two grants on one target
        assert granted["lake_test_raw"] == {"DESCRIBE", "CREATE_TABLE"}
        assert "INSERT" in granted["lake_test_raw.*"]

    def test_grants_are_made_one_after_the_other(self, stack, catalog, template_of) -> None:
        catalog.grant_build(_role(stack, "Build"), session_role=_role(stack, "Session"))

        grants = template_of(stack).find_resources(GRANT)
        after = [d for g in grants.values() for d in g.get("DependsOn", []) if d in grants]
        assert len(grants) - len(after) == 1  # the first
        assert len(set(after)) == len(after)

    def test_each_grant_waits_for_the_database_that_it_names(
        self, stack, catalog, job, template_of
    ) -> None:
        catalog.grant_read(job, tables=["dim_date"])
        catalog.grant_extraction(job)
        catalog.grant_build(_role(stack, "Build"), session_role=_role(stack, "Session"))

        assert _unawaited(template_of(stack).to_json()) == []

    def test_each_grant_waits_for_a_database_that_is_given(
        self, stack: Stack, lake, job, template_of
    ) -> None:
        theirs = glue.Database(stack, "Theirs", database_name="theirs")
        catalog = IcebergCatalog(
            stack,
            "Catalog",
            lake=lake,
            databases={Layer.RAW: theirs},
            lake_formation=LakeFormation.CATALOG,
        )

        catalog.grant_extraction(job)

        template = template_of(stack)
        assert len(template.find_resources(GRANT)) == 2
        assert _unawaited(template.to_json()) == []

    def test_grants_of_two_catalogs_are_made_one_after_the_other(
        self, stack: Stack, lake, catalog, template_of
    ) -> None:
        other = IcebergCatalog(
            stack, "Other", lake=lake, prefix="other", lake_formation=LakeFormation.CATALOG
        )
        for one in (catalog, other, catalog):
            one.grant_extraction(_role(stack, f"Job{len(stack.node.children)}"))

        grants = template_of(stack).find_resources(GRANT)
        after = [d for g in grants.values() for d in g.get("DependsOn", []) if d in grants]
        assert len(grants) == 6
        assert len(set(after)) == len(after) == 5  # all but the first, each after another one

    @pytest.mark.parametrize("made", [True, False])
    def test_two_catalogs_give_one_role_what_they_share_once(
        self, stack: Stack, lake, catalog, resources, made: bool
    ) -> None:
        other = IcebergCatalog(
            stack, "Other", lake=lake, prefix="other", lake_formation=LakeFormation.CATALOG
        )
        arn = "arn:aws:iam::123456789012:role/theirs"
        role = _role(stack, "Job") if made else iam.Role.from_role_arn(stack, "Theirs", arn)
        for one in (catalog, other):
            one.grant_build(_role(stack, f"Build{one.node.id}"), session_role=role)

        targets = [_target(grant["Resource"]) for grant in resources(GRANT)]
        assert targets.count("default") == 1
        assert targets.count("lake_test_raw") == targets.count("other_raw") == 2

    def test_grants_of_two_apps_know_nothing_of_each_other(self, template_of) -> None:
        for _ in range(2):
            stack = Stack(App(), "Test")
            _catalog(stack, LakeBucket(stack, "Lake"), LakeFormation.CATALOG).grant_extraction(
                _role(stack, "Job")
            )
            assert len(template_of(stack).find_resources(GRANT)) == 2

    def test_a_role_of_another_stack_keeps_its_grants_there(
        self, stack: Stack, catalog, resources, template_of
    ) -> None:
        app = stack.node.scope
        assert isinstance(app, App)
        other = Stack(app, "Other")

        catalog.grant_extraction(_role(other, "Job"))

        assert resources(GRANT) == []
        assert len(template_of(other).find_resources(GRANT)) == 2
        assert stack in other.dependencies  # whose databases the grants name

    def test_two_imported_roles_have_grants_of_their_own(self, stack, catalog, resources) -> None:
        for name in ("one", "two"):
            arn = f"arn:aws:iam::123456789012:role/{name}"
            catalog.grant_extraction(iam.Role.from_role_arn(stack, name, arn))

        principals = [g["Principal"]["DataLakePrincipalIdentifier"] for g in resources(GRANT)]
        assert sorted(set(principals)) == [
            "arn:aws:iam::123456789012:role/one",
            "arn:aws:iam::123456789012:role/two",
        ]

    def test_a_service_is_no_principal_of_lake_formation(self, catalog) -> None:
        with pytest.raises(SynthesisError, match=r"grantee: got the principal .*Service"):
            catalog.grant_extraction(service_principal("glue.amazonaws.com"))

    def test_a_reader_of_tables_also_needs_their_files(
        self, stack: Stack, catalog, resources
    ) -> None:
        catalog.grant_read(_role(stack, "Reader"), tables=["dim_account", "dim_date"])

        assert _granted(resources) == {
            "Reader": {
                "lake_test_marts": {"DESCRIBE"},
                "lake_test_marts.dim_account": {"SELECT", "DESCRIBE"},
                "lake_test_marts.dim_date": {"SELECT", "DESCRIBE"},
            }
        }
        assert "s3:GetObject" in json.dumps(resources("AWS::IAM::Policy"))


class TestCatalogAndFiles:
    def test_a_reader_gets_the_files_from_lake_formation_alone(
        self, stack: Stack, lake, resources
    ) -> None:
        catalog = _catalog(stack, lake, LakeFormation.CATALOG_AND_FILES)

        catalog.grant_read(_role(stack, "Reader"))

        assert _granted(resources)["Reader"] == {
            "lake_test_marts": {"DESCRIBE"},
            "lake_test_marts.*": {"SELECT", "DESCRIBE"},
        }
        text = json.dumps(resources("AWS::IAM::Policy"))
        assert "lakeformation:GetDataAccess" in text
        # With rights of its own on the files it would see every column.
        assert "s3:" not in text
        assert "kms:" not in text

    def test_each_column_is_a_grant_of_its_own(self, stack: Stack, lake, resources) -> None:
        catalog = _catalog(stack, lake, LakeFormation.CATALOG_AND_FILES)
        reader = _role(stack, "Reader")

        for columns in (["name", "industry"], ["industry", "country"]):
            catalog.grant_read(reader, tables=["dim_account"], columns=columns)

        assert _granted(resources)["Reader"] == {
            "lake_test_marts": {"DESCRIBE"},
            **{
                f"lake_test_marts.dim_account.{column}": {"SELECT"}
                for column in ("name", "industry", "country")
            },
        }

    def test_who_writes_has_access_to_the_location(
        self, stack: Stack, lake, job, resources
    ) -> None:
        catalog = _catalog(stack, lake, LakeFormation.CATALOG_AND_FILES)
        session = _role(stack, "Session")

        catalog.grant_extraction(job)
        catalog.grant_build(_role(stack, "Build"), session_role=session)

        granted = _granted(resources)
        ((location, permissions),) = [
            (target, its) for target, its in granted["Job"].items() if "Bucket" in target
        ]
        assert permissions == {"DATA_LOCATION_ACCESS"}
        assert granted["Session"][location] == {"DATA_LOCATION_ACCESS"}
        assert location not in granted["Build"]


def test_the_accounts_list_of_administrators_is_nobodys(stack: Stack, lake, job, resources) -> None:
    _catalog(stack, lake, LakeFormation.CATALOG_AND_FILES).grant_extraction(job)

    assert resources("AWS::LakeFormation::DataLakeSettings") == []
    assert resources("AWS::LakeFormation::Resource") == []
