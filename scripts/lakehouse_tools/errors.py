"""What can go wrong for the person at the terminal.

ToolError
├── RequestError           the request itself cannot be carried out; exit status 2
├── LocalAwsDownError      the local AWS does not answer
├── NotDeployedError       the stack is missing or incomplete
├── CredentialsError       no AWS credentials or region for an account
├── AwsError               an AWS service answered with an error
├── SecretError            the Salesforce secret is unfilled or holds something else
├── DeployError            the CDK CLI ended with an error
├── ExecutionError         the state machine's execution did not succeed
├── FollowingStoppedError  ctrl-C while following; the execution goes on; exit status 130
├── ErasureError           records could not be erased, or not be proved to be
├── QueryError             Athena refused or failed a query
├── ModelsError            a file of the dbt project stands in the way of generating models
├── RegisterError          a raw table cannot be taken up again from its files
└── MachineError           something on this machine is missing

Each message is one line: what, the value, what to do now.
"""

from typing import Final

EXIT_FAILED: Final = 1
EXIT_USAGE: Final = 2
EXIT_INTERRUPTED: Final = 130


class ToolError(Exception):
    """Base of all errors that end a command with one line and no traceback."""

    exit_status = EXIT_FAILED


class RequestError(ToolError):
    """The request cannot be carried out as it was put."""

    exit_status = EXIT_USAGE


class LocalAwsDownError(ToolError):
    """The local AWS does not answer at its port."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        super().__init__(
            f"the local AWS does not answer at {endpoint}: start it with `lakehouse up`"
        )


class NotDeployedError(ToolError):
    """The environment's stack is missing or has no such output."""


class CredentialsError(ToolError):
    """boto3 found no credentials or no region for an account."""


class AwsError(ToolError):
    """An AWS service answered with an error that has no message of its own here."""


class SecretError(ToolError):
    """The Salesforce secret is not filled, or does not have the form of the contract."""


class DeployError(ToolError):
    """The CDK CLI ended with an error; the message carries its last lines."""


class ExecutionError(ToolError):
    """An execution ended in anything but SUCCEEDED."""


class FollowingStoppedError(ToolError):
    """The person stopped looking; the execution goes on."""

    exit_status = EXIT_INTERRUPTED


class ErasureError(ToolError):
    """Records are not, or not provably, out of every place; the same command goes on."""


class QueryError(ToolError):
    """Athena refused the query, or it failed."""


class ModelsError(ToolError):
    """A file of the dbt project cannot be read or written, or would be lost."""


class RegisterError(ToolError):
    """A raw table cannot be taken up again from the files that it left."""


class MachineError(ToolError):
    """Something that the command needs is missing on this machine."""
