"""One org: what it holds, who it is, what time it is there, and queries over REST.

describe, limits and REST queries are simple-salesforce's; every call of it goes through
:class:`Transport`, which alone knows tokens, time-outs and retries.
"""

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from simple_salesforce.api import Salesforce

from lakehouse_jobs.errors import TransferError
from lakehouse_jobs.salesforce.budget import Budget
from lakehouse_jobs.salesforce.bulk import BulkApi
from lakehouse_jobs.salesforce.describe import Description, read_description
from lakehouse_jobs.salesforce.login import long_id
from lakehouse_jobs.salesforce.rest import RestApi
from lakehouse_jobs.salesforce.transport import Transport


class Org:
    """The org behind a transport, read with one API version ("62.0")."""

    def __init__(
        self, transport: Transport, *, api_version: str, jobs_until: float = math.inf
    ) -> None:
        """``jobs_until``, by ``time.monotonic``, is when waiting for Bulk jobs ends."""
        self.transport = transport
        self.api_version = api_version
        self.bulk = BulkApi(transport, api_version=api_version, until=jobs_until)
        self._rest = Salesforce(
            session=transport,
            session_id="the transport has it",
            instance_url=transport.token.instance_url,
            version=api_version,
            object_pairs_hook=dict,  # type: ignore[arg-type] - its default is slower
        )
        self._rest.headers.pop("X-PrettyPrint", None)
        self.rest = RestApi(self._rest, transport)
        self._org_id: str | None = None

    @property
    def budget(self) -> Budget:
        """What may still be used of the org's limits."""
        return self.transport.budget

    @property
    def org_id(self) -> str:
        """The org's id, 18 characters."""
        if self._org_id is None:
            self._org_id = self.transport.token.org_id or self._asked_org_id()
        return self._org_id

    def _asked_org_id(self) -> str:
        for record in self.query("SELECT Id FROM Organization", deleted=False):
            return long_id(str(record["Id"]))
        raise TransferError(
            "neither the token's identity URL nor SELECT Id FROM Organization gives the org's "
            "id; let the extraction user read Organization"
        )

    def server_time(self) -> datetime:
        """The org's clock (UTC, whole seconds) when it gave its newest answer."""
        moment = self.transport.server_time
        if moment is None:
            raise TransferError(
                "Salesforce's answers carry no Date header, so no window can be cut; "
                "check what stands between this job and the org"
            )
        return moment

    def limits(self) -> dict[str, Any]:
        """The org's limits and what is left of them."""
        return self._rest.limits()

    def object_names(self) -> list[str]:
        """API names of all objects that can be queried."""
        answer = self._rest.describe() or {}
        return [o["name"] for o in answer.get("sobjects", []) if o.get("queryable", True)]

    def describe(self, name: str) -> Description:
        """An object's fields. Raises ObjectNotFoundError."""
        return read_description(self._rest.restful(f"sobjects/{name}/describe") or {})

    def deleted(self, name: str, *, start: datetime, end: datetime) -> dict[str, datetime]:
        """When records were deleted (UTC, whole minutes), by their ids of 18 characters.

        Salesforce tells of the last 15 days and of objects that can be replicated. Raises
        AnswerRefusedError for anything else.
        """
        answer = self._rest.restful(
            f"sobjects/{name}/deleted",
            params={"start": start.isoformat("T", "seconds"), "end": end.isoformat("T", "seconds")},
        )
        try:
            return {
                long_id(r["id"]): datetime.fromisoformat(r["deletedDate"]).astimezone(UTC)
                for r in (answer or {}).get("deletedRecords", [])
            }
        except (KeyError, TypeError, ValueError) as error:
            raise TransferError(
                f"the answer about deleted records is without {error}; run this object again"
            ) from None

    def query(self, soql: str, *, deleted: bool = True) -> Iterator[dict[str, Any]]:
        """Records over REST, page by page, with or without deleted ones."""
        yield from self.rest.records(self.rest.first(soql, deleted=deleted))
