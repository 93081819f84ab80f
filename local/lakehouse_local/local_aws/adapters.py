"""The adapters of the local AWS, in the order of installation; nothing happens at import."""

from importlib import import_module
from typing import Final

from lakehouse_local.local_aws.context import Context

# Each is a module of this package with `install(context: Context) -> None`.
ADAPTERS: Final = (
    "persistence",
    "s3_ranges",
    "s3_encryption",
    "glue_catalog",
    "glue_jobs",
    "glue_sessions",
    "codebuild",
    "secrets",
    "cloudformation",
    "cloudformation_imports",
    "athena",
    "step_functions",
)


def install_all(context: Context) -> None:
    """Put every adapter in place; `MinistackChangedError` names one that no longer fits."""
    for name in ADAPTERS:
        import_module(f"{__package__}.{name}").install(context)
