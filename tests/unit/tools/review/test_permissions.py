from lakehouse_tools.review.assembly import Template
from lakehouse_tools.review.permissions import changes
from lakehouse_tools.review.report import wide


def policy(*statements: dict) -> dict:
    return {
        "Type": "AWS::IAM::Policy",
        "Properties": {
            "Roles": [{"Ref": "Role1"}],
            "PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)},
        },
    }


ROLE = {"Type": "AWS::IAM::Role", "Metadata": {"aws:cdk:path": "Stack/Job/Role/Resource"}}
READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:x"}


def compare(before: dict, after: dict):
    return changes(
        Template({"Resources": {"Role1": ROLE, "P": before}}),
        Template({"Resources": {"Role1": ROLE, "P": after}}),
    )


def test_the_order_and_grouping_of_statements_is_no_change() -> None:
    both = {"Effect": "Allow", "Action": ["s3:PutObject", "s3:GetObject"], "Resource": "arn:x"}
    apart = {**READ, "Action": "s3:PutObject"}

    assert compare(policy(both), policy(apart, READ)) == ({}, {})


def test_only_the_added_actions_are_named() -> None:
    added, removed = compare(
        policy(READ), policy({**READ, "Action": ["s3:GetObject", "s3:DeleteObject"]})
    )

    ((right, actions),) = added.items()
    assert right.who == "${Job/Role}"
    assert actions == {"s3:DeleteObject"}
    assert removed == {}
    assert not wide(right, actions)


def test_a_condition_that_goes_is_a_right_that_comes() -> None:
    limited = {**READ, "Condition": {"StringEquals": {"a": "b"}}}

    added, removed = compare(policy(limited), policy(READ))

    assert [r.condition for r in added] == [""]
    assert [r.condition for r in removed] == ['{"StringEquals": {"a": "b"}}']


def test_what_reaches_far_is_marked() -> None:
    for statement in (
        {**READ, "Resource": "*"},
        {**READ, "Action": "s3:*"},
        {**READ, "Principal": "*"},
        {**READ, "Principal": {"AWS": "*"}},
    ):
        added, _ = compare(policy(READ), policy(READ, statement))
        assert any(wide(right, actions) for right, actions in added.items()), statement
    denied, _ = compare(policy(READ), policy(READ, {**READ, "Effect": "Deny", "Resource": "*"}))
    assert not any(wide(right, actions) for right, actions in denied.items())


def lake_formation(**more) -> Template:
    grant = {
        "Principal": {"DataLakePrincipalIdentifier": {"Fn::GetAtt": ["Role1", "Arn"]}},
        "Resource": {
            "Table": {
                "CatalogId": {"Ref": "AWS::AccountId"},
                "DatabaseName": "marts",
                "TableWildcard": {},
            }
        },
        "Permissions": ["SELECT"],
        "PermissionsWithGrantOption": [],
    }
    made = {"Type": "AWS::LakeFormation::PrincipalPermissions", "Properties": grant | more}
    return Template({"Resources": {"Role1": ROLE, "G": made}})


def test_a_grant_of_lake_formation_is_a_right() -> None:
    none = Template({"Resources": {"Role1": ROLE}})
    added, _ = changes(none, lake_formation())
    ((right, actions),) = added.items()
    assert (right.who, right.effect) == ("${Job/Role.Arn}", "Allow")
    assert right.resource == "Table: DatabaseName marts, TableWildcard"
    assert actions == {"Lake Formation SELECT"}
    assert not wide(right, actions)

    added, removed = changes(
        lake_formation(), lake_formation(PermissionsWithGrantOption=["SELECT"])
    )
    assert list(added.values()) == [{"grant Lake Formation SELECT to others"}]
    assert removed == {}


def test_a_grant_of_lake_formation_to_anybody_is_marked() -> None:
    anybody = {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}
    added, _ = changes(lake_formation(), lake_formation(Principal=anybody))
    assert [wide(right, actions) for right, actions in added.items()] == [True]


def test_trust_and_managed_policies_are_rights_too() -> None:
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}
    after = {
        **ROLE,
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "ManagedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"],
        },
    }

    added, _ = changes(Template({"Resources": {"R": ROLE}}), Template({"Resources": {"R": after}}))

    found = {right.who: actions for right, actions in added.items()}
    assert found["trust of ${Job/Role}"] == {"sts:AssumeRole"}
    assert found["${Job/Role}"] == {"managed policy arn:aws:iam::aws:policy/AdministratorAccess"}


def test_a_policy_is_one_by_its_form_or_by_the_name_of_its_property() -> None:
    anybody = {"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}
    for name, policy in (
        ("RepositoryPolicyText", {"Version": "2012-10-17", "Statement": anybody}),
        ("PolicyDocument", {"Statement": anybody}),
    ):
        made = {"Type": "AWS::ECR::Repository", "Properties": {name: policy}}
        added, _ = changes(Template({"Resources": {}}), Template({"Resources": {"R": made}}))
        assert [wide(right, actions) for right, actions in added.items()] == [True]
