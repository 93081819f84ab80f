"""Error answers of Salesforce: their codes, and which error of ours each becomes.

REST and Bulk answer ``[{"errorCode", "message"}]``, the login ``{"error",
"error_description"}``, proxies in between anything at all.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from lakehouse_jobs.errors import (
    AnswerRefusedError,
    BulkUnsupportedError,
    FieldVanishedError,
    LimitExceededError,
    ObjectNotFoundError,
    QueryTooWideError,
    RestUnsuitedError,
)

LIMIT_CODES = frozenset({"REQUEST_LIMIT_EXCEEDED", "LIMIT_EXCEEDED", "EXCEEDED_ID_LIMIT"})
# What the messages of limits that count a day say; the others are of concurrent requests.
_DAILY = ("totalrequests", "24 hour", "24-hour", "24 hrs", "daily", "per day")
# Codes with which a query job is refused because the object has no Bulk support.
BULK_UNSUPPORTED_CODES = frozenset(
    {"INVALIDENTITY", "INVALID_ENTITY", "UNSUPPORTED_OBJECT", "FUNCTIONALITY_NOT_ENABLED"}
)
# Refusals of a REST query that the Bulk API, which takes its time, may serve.
REST_UNSUITED_CODES = frozenset({"QUERY_TIMEOUT", "OPERATION_TOO_LARGE"})
REST_UNSUITED_STATUSES = frozenset({414, 431})  # the address is too long
NO_API_CODE = "API_DISABLED_FOR_ORG"

VANISHED_REMEDY = (
    "; describe lists the field and a query may not name it: run this object again, and exclude "
    "the field if it stays so"
)


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """An error answer."""

    status: int
    code: str
    message: str

    @property
    def is_daily_limit(self) -> bool:
        """Whether waiting seconds or minutes cannot help."""
        words = self.message.lower()
        return self.code in LIMIT_CODES and any(word in words for word in _DAILY)


def read_refusal(*, status: int, body: bytes) -> Refusal:
    """The code and message in an error answer, as far as it has them."""
    try:
        parsed: Any = json.loads(body)
    except (ValueError, UnicodeDecodeError):
        parsed = None
    first = parsed[0] if isinstance(parsed, list) and parsed else parsed
    if isinstance(first, dict):
        code = first.get("errorCode") or first.get("error") or f"HTTP_{status}"
        message = first.get("message") or first.get("error_description") or "no message"
        return Refusal(status=status, code=str(code), message=" ".join(str(message).split()))
    return Refusal(status=status, code=f"HTTP_{status}", message=page_title(body) or "no message")


def page_title(body: bytes) -> str | None:
    """The title of an HTML page: all that is repeated of an answer that is not JSON.

    Such a body may be anything, a record's content among it.
    """
    text = body[:4096].decode("utf-8", "replace")
    found = re.search(r"<title[^>]*>([^<]{1,80})", text, re.IGNORECASE)
    return " ".join(found[1].split()) or None if found else None


def error_for(refusal: Refusal, *, what: str) -> AnswerRefusedError:
    """The error to raise for a refusal of ``what`` (method and path)."""
    text = f"Salesforce refused {what}: {refusal.code}: {refusal.message}"
    kind: type[AnswerRefusedError] = AnswerRefusedError
    if refusal.code in LIMIT_CODES:
        kind = LimitExceededError
        text += "; wait until the limit resets, or lower how much else uses this org's API"
    elif refusal.status == 404:
        kind = ObjectNotFoundError
        text += "; check the name and that the extraction user may read the object"
    elif names_vanished_field(f"{refusal.code}: {refusal.message}"):
        kind = FieldVanishedError
        text += VANISHED_REMEDY
    elif bulk_unsupported(refusal):
        kind = BulkUnsupportedError
        text += "; REST reads it instead"
    elif names_too_much(refusal.code):
        kind = QueryTooWideError
        text += "; exclude formula fields of this object in the configuration"
    elif refusal.code in REST_UNSUITED_CODES or refusal.status in REST_UNSUITED_STATUSES:
        kind = RestUnsuitedError
        text += "; exclude fields of this object in the configuration"
    elif refusal.status == 401:
        text += "; the session ended and a new one was refused too: check the app's policies"
    elif refusal.code == NO_API_CODE:
        text += (
            "; this org's edition has no API, or has it as an add-on (ask Salesforce), or the"
            " extraction user lacks the permission API Enabled"
        )
    elif refusal.status == 403:
        text += "; check the extraction user's permissions"
    else:
        text += "; run this object again, and ask the org's administrator if it stays so"
    return kind(text, status=refusal.status, code=refusal.code)


def names_vanished_field(text: str) -> bool:
    """Whether a refusal, or the message of a failed job, is about a field that is not there."""
    return "INVALID_FIELD" in text or "No such column" in text


def names_too_much(text: str) -> bool:
    """Whether a refusal, or the message of a failed job, is about too many formulas at once."""
    return "QUERY_TOO_COMPLICATED" in text


def bulk_unsupported(refusal: Refusal) -> bool:
    """Whether a refusal says that the Bulk API does not serve the object."""
    if refusal.status != 400:
        return False
    words = refusal.message.lower()
    return refusal.code in BULK_UNSUPPORTED_CODES or ("bulk" in words and "not supported" in words)
