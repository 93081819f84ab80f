"""``getResolvedOptions``, which dbt-glue's sessions import.

docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-pyspark-extensions-get-resolved-options.html
"""

import argparse
from collections.abc import Sequence


class GlueArgumentError(Exception):
    """A required argument is missing."""


def getResolvedOptions(args: Sequence[str], options: Sequence[str]) -> dict[str, str]:  # noqa: N802
    """The values of ``--option value`` pairs in ``args`` (``sys.argv``) by option."""
    parser = argparse.ArgumentParser(allow_abbrev=False, add_help=False, exit_on_error=False)
    for name in options:
        parser.add_argument(f"--{name}")
    known = vars(parser.parse_known_args(list(args)[1:])[0])
    missing = [name for name, value in known.items() if value is None]
    if missing:
        raise GlueArgumentError(f"the following arguments are required: {', '.join(missing)}")
    return known
