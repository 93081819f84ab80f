"""What can go wrong in the jobs. Each message names the remedy.

::

    LakehouseError
    ├── RequestError               what was asked of this run cannot be done
    ├── SecretError                the Salesforce secret cannot be used
    │   └── SecretUnfilledError    it still holds the stack's placeholder
    ├── SalesforceError
    │   ├── LoginRefusedError      credentials or permissions
    │   │   └── AddressRefusedError    the org does not let this address in
    │   ├── UnreachableError       no answer after every attempt
    │   ├── MisdirectedError       Salesforce points to another address
    │   ├── ClockError             a clock by which rows would be passed over
    │   ├── AnswerRefusedError     Salesforce answered with an error
    │   │   ├── ObjectNotFoundError
    │   │   ├── FieldVanishedError     a field that describe had is gone or hidden
    │   │   ├── BulkUnsupportedError   the Bulk API refuses this object: use REST
    │   │   ├── RestUnsuitedError      REST cannot serve this query: use the Bulk API
    │   │   │   └── QueryTooWideError  nor can that: fewer columns at a time may do
    │   │   └── LimitExceededError
    │   ├── BudgetSpentError       the configured share of a limit is used up
    │   ├── BulkJobError           a query job failed or was aborted
    │   │   └── JobGoneError       it was deleted, or belongs to another API version
    │   ├── JobUnfinishedError     a query job outlasts the time that its group has
    │   ├── TransferError          an answer is cut short or contradicts itself
    │   ├── JobContradictedError   a job's pages hold fewer records than it has
    │   └── UnsupportedObjectError the object cannot be read at all
    ├── ValueRefusedError          a value does not fit the type that describe gave
    │   ├── MisfitError            a page must be read with more patience
    │   └── TooManyRejectedError   more values do not fit than max_rejected allows
    ├── TimeSpentError             the group's time is nearly over
    ├── MassDeletionError          more records are gone than anybody would delete
    └── RawTableError
        ├── WrongOrgError          the table holds another org's rows
        ├── TableGoneError         the catalog lacks a table that was there
        ├── NewerFormatError       a newer version of this program wrote the table
        ├── CommitFailedError      certain: nothing of this run is in the table
        │   └── SupersededError    another run committed first (also a ValidationException)
        └── CommitUnknownError     uncertain: the commit may have landed

Configuration errors are :class:`lakehouse_jobs.contract.errors.ConfigError`.
"""

from pyiceberg.exceptions import ValidationException


class LakehouseError(Exception):
    """Any error that is told to a person as one line."""


class RequestError(LakehouseError):
    """Arguments ask for something that cannot be done."""


class SecretError(LakehouseError):
    """The Salesforce secret cannot be used as it is."""


class SecretUnfilledError(SecretError):
    """The secret still holds the placeholder that the stack put there."""


class SalesforceError(LakehouseError):
    """Anything on the way to Salesforce and back."""


class LoginRefusedError(SalesforceError):
    """Salesforce gave no token for these credentials."""


class AddressRefusedError(LoginRefusedError):
    """The address that the login came from is outside of the login IP ranges."""


class UnreachableError(SalesforceError):
    """No usable answer after every attempt that the retry policy allows."""


class MisdirectedError(SalesforceError):
    """An answer leads to another host. It is not followed: the token stays at home."""


class ClockError(SalesforceError):
    """The org's clock, or what was taken for it, would make a window pass rows over."""


class AnswerRefusedError(SalesforceError):
    """Salesforce answered with an error; ``status`` and ``code`` are its own."""

    def __init__(self, message: str, *, status: int, code: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class ObjectNotFoundError(AnswerRefusedError):
    """No such object, or none that this user may see."""


class FieldVanishedError(AnswerRefusedError):
    """A query names a field that is gone, or hidden from this user, since describe."""


class BulkUnsupportedError(AnswerRefusedError):
    """The Bulk API does not serve this object; REST may."""


class RestUnsuitedError(AnswerRefusedError):
    """REST cannot serve this query, by its length or its time; the Bulk API may."""


class QueryTooWideError(RestUnsuitedError):
    """A query takes more than Salesforce computes at once; with fewer columns it may do."""


class LimitExceededError(AnswerRefusedError):
    """A request limit of the org is used up."""


class BudgetSpentError(SalesforceError):
    """A request or a job more would pass ``api_budget``. What a load has so far is kept."""


class BulkJobError(SalesforceError):
    """A query job ended as Failed or Aborted. ``passing``: another may well succeed."""

    def __init__(self, message: str, *, passing: bool = False) -> None:
        super().__init__(message)
        self.passing = passing


class JobGoneError(BulkJobError):
    """A query job cannot be read any more: somebody deleted it, or it expired."""


class JobUnfinishedError(SalesforceError):
    """A query job still runs when the time is up. It and its load are kept."""


class TransferError(SalesforceError):
    """An answer ended early, or its rows do not agree with what it announced."""


class JobContradictedError(SalesforceError):
    """A query job's pages together hold fewer records than it says it has."""


class UnsupportedObjectError(SalesforceError):
    """The object lacks what an extraction needs."""


class ValueRefusedError(LakehouseError):
    """A value does not parse as the type that describe gave for its field."""


class MisfitError(ValueRefusedError):
    """A page holds what the way of reading it cannot take; a more patient one may."""


class TooManyRejectedError(ValueRefusedError):
    """More values do not fit their columns than ``max_rejected`` allows."""


class TimeSpentError(LakehouseError):
    """What is being read would not end before the group's ``timeout_minutes`` are over."""


class MassDeletionError(LakehouseError):
    """A resync found more records gone than ``max_delete_share`` allows. Nothing is written."""


class RawTableError(LakehouseError):
    """Anything about a raw table."""


class WrongOrgError(RawTableError):
    """The table was filled from another org. Raised before any write."""


class TableGoneError(RawTableError):
    """The catalog lacks a table that was there. Raised before an empty one is made in its place."""


class NewerFormatError(RawTableError):
    """The table was written by a newer version of this program."""


class CommitFailedError(RawTableError):
    """The commit did not land. Files go, but for those of a load that can go on."""


class SupersededError(CommitFailedError, ValidationException):
    """Another run moved the table since this one read its state.

    A ``ValidationException``, so that PyIceberg deletes the manifests of the attempt.
    """


class CommitUnknownError(RawTableError):
    """The commit's answer was lost and the table could not be read afterwards.

    Files are kept, as the table may refer to them.
    """
