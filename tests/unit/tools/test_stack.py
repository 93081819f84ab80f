import pytest

from lakehouse_tools.errors import NotDeployedError
from lakehouse_tools.stack import OUTPUTS, read_stack

CONTRACT = """LakeBucketName StateMachineArn SalesforceSecretArn ExtractJobName DbtProjectName
RawDatabase StagingDatabase IntermediateDatabase MartsDatabase AthenaWorkGroupName AlertTopicArn"""


def answer(status="CREATE_COMPLETE", outputs=None):
    names = OUTPUTS.values() if outputs is None else outputs
    return {
        "Stacks": [
            {
                "StackName": "LakehouseDev",
                "CreationTime": "2026-01-01T00:00:00Z",
                "StackStatus": status,
                "Outputs": [{"OutputKey": n, "OutputValue": f"the {n}"} for n in names],
            }
        ]
    }


def test_outputs_are_named_as_the_contract_says():
    assert sorted(OUTPUTS.values()) == sorted(CONTRACT.split())


def test_reads_every_output(account, stub):
    stub("cloudformation").add_response("describe_stacks", answer(), {"StackName": "LakehouseDev"})
    stack = read_stack(account)
    assert stack.lake_bucket_name == "the LakeBucketName"
    assert stack.athena_work_group_name == "the AthenaWorkGroupName"


def test_a_missing_stack_says_how_to_deploy_it(account, stub):
    stub("cloudformation").add_client_error(
        "describe_stacks", "ValidationError", "Stack with id LakehouseDev does not exist"
    )
    with pytest.raises(NotDeployedError, match=r"LakehouseDev is not deployed.*up --env dev"):
        read_stack(account)


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "CREATE_IN_PROGRESS", "UPDATE_FAILED"])
def test_a_stack_in_another_state_is_not_used(account, stub, status):
    stub("cloudformation").add_response("describe_stacks", answer(status))
    with pytest.raises(NotDeployedError, match=status):
        read_stack(account)


def test_a_stack_of_another_version_names_the_missing_output(account, stub):
    stub("cloudformation").add_response("describe_stacks", answer(outputs=["LakeBucketName"]))
    with pytest.raises(NotDeployedError, match="no output StateMachineArn"):
        read_stack(account)
