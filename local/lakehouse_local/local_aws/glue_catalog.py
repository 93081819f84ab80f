"""The Glue catalog: a commit is one step; optimizers, recorded; tables by template, refused.

AWS: docs.aws.amazon.com/glue/latest/webapi/API_CreateTableOptimizer.html. ministack
knows no optimizers. Here they are kept and described, and nothing compacts: no run is
ever reported. ministack takes a table's ``OpenTableFormatInput`` and makes a table that
is not Iceberg; here it is refused, for the job and dbt make the tables. It answers each
request in a thread of its own, and compares the ``VersionId`` of an UpdateTable before it
writes: of two commits at once both could pass, and one be lost. Here they wait in turn.
"""

import json
import threading
import time
from typing import Any, Final

from lakehouse_local.local_aws import patching
from lakehouse_local.local_aws.context import Context

Data = dict[str, Any]
Response = tuple[int, dict[str, str], bytes]
_TYPES: Final = ("compaction", "retention", "orphan_file_deletion")


class OptimizerError(Exception):
    """A refusal: the name of Glue's exception and its message."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


def install(context: Context) -> None:  # noqa: ARG001 - all adapters are called alike
    """Answer the optimizer calls and refuse what would pretend."""
    from ministack.services import glue

    calls = {
        "CreateTableOptimizer": create,
        "GetTableOptimizer": get,
        "UpdateTableOptimizer": update,
        "DeleteTableOptimizer": delete,
        "ListTableOptimizerRuns": runs,
    }
    _store()

    def handle(method: str, path: str, headers: Data, body: bytes, query_params: Data) -> Any:
        call = calls.get(headers.get("x-amz-target", "").rpartition(".")[2])
        if call is None:
            return original(method, path, headers, body, query_params)
        try:
            return glue.json_response(call(json.loads(body or b"{}")))
        except OptimizerError as error:
            return glue.error_response_json(error.name, str(error), 400)

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

    original = patching.replace(
        glue, "_handle_request_sync", handle, parameters="method path headers body query_params"
    )
    make = patching.replace(glue, "_create_table", create_table, parameters="data")
    commit = patching.replace(glue, "_update_table", update_table, parameters="data")
    committing = threading.Lock()


def create(data: Data) -> Data:
    """CreateTableOptimizer."""
    key = _key(data)
    if key in _store():
        raise OptimizerError("AlreadyExistsException", f"Optimizer {key} already exists")
    _store()[key] = {**_configuration(data), "changed": time.time()}
    return {}


def get(data: Data) -> Data:
    """GetTableOptimizer; without ``lastRun``, for there is none."""
    names = {k: data[k] for k in ("CatalogId", "DatabaseName", "TableName") if k in data}
    found = _found(data)
    optimizer = {"type": data["Type"], "configuration": found["configuration"]}
    return {**names, "TableOptimizer": optimizer}


def update(data: Data) -> Data:
    """UpdateTableOptimizer."""
    _found(data).update(_configuration(data), changed=time.time())
    return {}


def delete(data: Data) -> Data:
    """DeleteTableOptimizer."""
    _found(data)
    del _store()[_key(data)]
    return {}


def runs(data: Data) -> Data:
    """ListTableOptimizerRuns: none, as nothing is optimized here."""
    _found(data)
    return {"TableOptimizerRuns": []}


def _configuration(data: Data) -> Data:
    given = data.get("TableOptimizerConfiguration") or {}
    if "roleArn" not in given or "enabled" not in given:
        raise OptimizerError(
            "InvalidInputException", "TableOptimizerConfiguration needs roleArn and enabled"
        )
    return {"configuration": given}


def _found(data: Data) -> Data:
    found = _store().get(_key(data))
    if found is None:
        raise OptimizerError("EntityNotFoundException", f"Optimizer {_key(data)} not found")
    return found


def _key(data: Data) -> str:
    from ministack.services import glue

    if data.get("Type") not in _TYPES:
        message = f"Type: got {data.get('Type')!r}; allowed: {', '.join(_TYPES)}"
        raise OptimizerError("InvalidInputException", message)
    table = f"{data.get('DatabaseName')}/{data.get('TableName')}"
    if table not in glue._tables:
        raise OptimizerError("EntityNotFoundException", f"Table {table} not found")
    return f"{table}/{data['Type']}"


def _store() -> Any:
    """The optimizers, among what ministack keeps over a restart."""
    from ministack.core.responses import AccountRegionScopedDict
    from ministack.services import glue

    return glue._ALL_STATE.setdefault("table_optimizers", AccountRegionScopedDict())
