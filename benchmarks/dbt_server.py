"""The local AWS with a ledger of what is read and written in S3.

Each line of the ledger is ``[epoch seconds, "read" or "written", "bucket/key", bytes]``: the
bytes of the answers to GetObject, ranges as such, and of the bodies of PutObject and
UploadPart. What a reader asked for and threw away counts; what it skipped does not.

    python benchmarks/dbt_server.py LEDGER --root FOLDER --port PORT
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from lakehouse_local.local_aws import __main__ as local_aws
from lakehouse_local.local_aws.context import Context
from lakehouse_local.local_aws.patching import replace

install_all = local_aws.install_all


def main() -> None:
    """Serve, as the local AWS does."""
    ledger = Path(sys.argv.pop(1))
    local_aws.install_all = lambda context: install_counted(context, ledger)
    local_aws.main()


def install_counted(context: Context, ledger: Path) -> None:
    """All adapters, and the count on top."""
    install_all(context)
    from ministack.services import s3

    book = ledger.open("a", buffering=1)

    def note(kind: str, bucket: str, key: str, size: int) -> None:
        book.write(json.dumps([time.time(), kind, f"{bucket}/{key}", size]) + "\n")

    def get_object(
        bucket_name: str,
        key: str,
        headers: dict[str, str],
        query_params: dict[str, Any] | None = None,
    ) -> tuple[int, dict[str, str], Any]:
        status, answer, body = original_get(bucket_name, key, headers, query_params)
        note("read", bucket_name, key, len(body))
        return status, answer, body

    def put_object(bucket_name: str, key: str, body: bytes, headers: dict[str, str]) -> Any:
        note("written", bucket_name, key, len(body))
        return original_put(bucket_name, key, body, headers)

    original_get = replace(
        s3, "_get_object", get_object, parameters="bucket_name key headers query_params"
    )
    original_put = replace(s3, "_put_object", put_object, parameters="bucket_name key body headers")


if __name__ == "__main__":
    main()
