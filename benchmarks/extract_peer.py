"""What one would write today: simple-salesforce downloads, pyarrow parses, PyIceberg appends.

python benchmarks/extract_peer.py ORG_URL FOLDER BUCKET as-it-is|without-sleeps
"""

import shutil
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pc
from extract_limit import ARROW
from extract_pages import FIELDS, OBJECT, PAGE_ROWS
from pyiceberg.catalog import load_catalog
from simple_salesforce import bulk2
from simple_salesforce.api import Salesforce


def main() -> None:
    """Download, parse and append; print the rows."""
    org, folder, bucket, how = sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4]
    if how == "without-sleeps":
        # 5 s before each look at its job.
        setattr(bulk2, "sleep", lambda _: time.sleep(0.05))  # noqa: B010
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "pages").mkdir(parents=True)
    client = Salesforce(instance_url=org, session_id="t", version="62.0")
    # It knows https only.
    client.bulk2_url = client.bulk2_url.replace("https://", "http://")
    found = getattr(client.bulk2, OBJECT).download(
        f"SELECT {', '.join(FIELDS)} FROM {OBJECT}", str(folder / "pages"), max_records=PAGE_ROWS
    )
    types = {name: ARROW.get(kind, pa.string()) for name, (kind, _) in FIELDS.items()}
    options = pc.ConvertOptions(
        column_types=types,
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
    )
    parse = pc.ParseOptions(newlines_in_values=True)
    rows = pa.concat_tables(
        pc.read_csv(page["file"], parse_options=parse, convert_options=options) for page in found
    )
    catalog = load_catalog("lakehouse", type="glue", **{"s3.request-timeout": "60"})
    name = (bucket.replace("-", "_"), "account")
    catalog.create_table(name, schema=rows.schema, location=f"s3://{bucket}/account").append(rows)
    print(len(rows))


if __name__ == "__main__":
    main()
