"""What every test gets: an environment without the user's AWS and lakehouse settings."""

import os

import pytest

from app import use_bundled_node

_CLEARED = ("AWS_", "LAKEHOUSE_", "PYICEBERG_", "DBT_", "CDK_")


# Before any test module imports the CDK library.
use_bundled_node()


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test must not reach the user's account, whatever the shell exports."""
    for name in list(os.environ):
        if name.startswith(_CLEARED):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
