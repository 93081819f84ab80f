"""The queries of the page for analysts, docs/marts.md."""

import re
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).parents[2] / "docs" / "marts.md"
QUERIES: Final = tuple(
    re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
)
# Those of marts that are there where `multi_currency` is set.
OF_CURRENCIES: Final = tuple(query for query in QUERIES if re.search(r"_amounts\b", query))
OTHERS: Final = tuple(query for query in QUERIES if query not in OF_CURRENCIES)
STAGING: Final = "lakehouse_dev_staging"  # as the page calls that database
