"""``python -m lakehouse_local.salesforce_org``: the demo org alone."""

import argparse
import sys
from pathlib import Path

from lakehouse_local.salesforce_org.foreign import ForeignError, make_foreign
from lakehouse_local.salesforce_org.server import serve
from lakehouse_local.salesforce_org.settings import DEFAULT_RECORDS, Birth
from lakehouse_local.salesforce_org.store import StoreError, read_meta


def main(arguments: list[str] | None = None) -> int:
    """Serve until interrupted. The values of a new org count only when it is made."""
    parser = argparse.ArgumentParser(prog="python -m lakehouse_local.salesforce_org")
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--data", type=Path, required=True, help="folder of the org's data")
    parser.add_argument("--records", type=int, default=DEFAULT_RECORDS)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--describes", type=Path, help="make a new org from recorded describes …")
    parser.add_argument("--csv", type=Path, help="… and from CSV records, see .foreign")
    given = parser.parse_args(arguments)
    if given.records < 1:
        parser.error(f"--records: got {given.records}; allowed: a number from 1 on")
    birth = Birth(records=given.records, seed=given.seed)
    if (given.describes is None) != (given.csv is None):
        parser.error("--describes and --csv belong together")
    try:
        if given.describes is not None and not read_meta(given.data):
            make_foreign(given.data, describes=given.describes, records=given.csv)
        serve(given.data, port=given.port, birth=birth)
    except (StoreError, ForeignError) as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"port {given.port}: {error.strerror}; choose another --port", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
