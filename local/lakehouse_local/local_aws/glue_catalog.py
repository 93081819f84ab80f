"""The Glue catalog: a commit is one step, and a table by template is refused.

ministack takes a table's ``OpenTableFormatInput`` and makes a table that is not Iceberg; here
it is refused, for the job and dbt make the tables. It answers each request in a thread of its
own, and compares the ``VersionId`` of an UpdateTable before it writes: of two commits at once
both could pass, and one be lost. Here they wait in turn.
"""

import threading
from typing import Any

from lakehouse_local.local_aws import patching
from lakehouse_local.local_aws.context import Context

Data = dict[str, Any]
Response = tuple[int, dict[str, str], bytes]


def install(context: Context) -> None:  # noqa: ARG001 - all adapters are called alike
    """Let commits wait in turn, and refuse what would pretend."""
    from ministack.services import glue

    def update_table(data: Data) -> Response:
        with committing:
            return commit(data)

    def create_table(data: Data) -> Response:
        if data.get("OpenTableFormatInput"):
            message = (
                "OpenTableFormatInput: the local AWS makes no Iceberg tables by itself; the "
                "extraction and dbt make them"
            )
            return glue.error_response_json("InvalidInputException", message, 400)
        return make(data)

    make = patching.replace(glue, "_create_table", create_table, parameters="data")
    commit = patching.replace(glue, "_update_table", update_table, parameters="data")
    committing = threading.Lock()
