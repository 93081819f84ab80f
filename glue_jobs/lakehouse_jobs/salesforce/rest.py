"""Queries over REST: one page after the other, as simple-salesforce asks for them.

The first answer says how many records there are in all, so it also tells whether a query
is small. Its following pages are fetched by our transport, which follows an address to
its own org only.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote_plus

from simple_salesforce.api import Salesforce

from lakehouse_jobs.errors import TransferError
from lakehouse_jobs.salesforce.transport import Transport

# Salesforce takes request lines of 16,384 bytes; the rest is the path's.
LONGEST_QUERY: Final = 16_000


@dataclass(frozen=True, kw_only=True)
class RestPage:
    """Up to 2,000 records; fewer where records are wide."""

    records: list[dict[str, Any]]
    total: int  # records of the whole query
    following: str | None  # where the next page is


class RestApi:
    """REST queries of one org."""

    def __init__(self, rest: Salesforce, transport: Transport) -> None:
        self._rest = rest
        self._transport = transport

    @staticmethod
    def fits(soql: str) -> bool:
        """Whether a query fits into the address of a request."""
        return len(quote_plus(soql)) <= LONGEST_QUERY

    def first(self, soql: str, *, deleted: bool = True, patient: bool = True) -> RestPage:
        """The first page, with or without deleted records. Raises RestUnsuitedError.

        ``patient`` says whether to ask again where no answer comes in time.
        """
        return _page(self._rest.query(soql, include_deleted=deleted, patient=patient))

    def records(self, page: RestPage) -> Iterator[dict[str, Any]]:
        """The records of a first page and of all that follow it.

        Raises TransferError where they are fewer than the first page announced.
        """
        total, seen = page.total, len(page.records)
        yield from page.records
        while page.following:
            page = _page(self._transport.json("GET", page.following))
            seen += len(page.records)
            yield from page.records
        if seen < total:
            raise TransferError(
                f"a REST query has {total} records, its pages only {seen}; run this object again"
            )


def _page(answer: Any) -> RestPage:
    try:
        return RestPage(
            records=list(answer["records"]),
            total=int(answer["totalSize"]),
            following=None if answer["done"] else str(answer["nextRecordsUrl"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise TransferError(
            f"the answer to a REST query is without {error}; run this object again"
        ) from None
