"""How the org answers: JSON bodies and the errors of Salesforce's APIs."""

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from lakehouse_local.salesforce_org.soql_text import SoqlError


class ApiError(Exception):
    """An answer with an error: ``[{"errorCode": …, "message": …}]``."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers

    @classmethod
    def from_soql(cls, error: SoqlError) -> "ApiError":
        """A refused query."""
        return cls(400, error.code, error.message)

    def response(self) -> Response:
        """The answer itself."""
        body = [{"message": self.message, "errorCode": self.code}]
        return json_response(body, self.status, self.headers)


def not_found() -> ApiError:
    """A path or record that does not exist."""
    return ApiError(404, "NOT_FOUND", "The requested resource does not exist")


def session_invalid() -> ApiError:
    """No token, or one that is revoked or expired."""
    return ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")


def json_response(
    body: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A JSON answer in UTF-8."""
    content = json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return Response(content, status, headers, media_type="application/json;charset=UTF-8")


def json_body(body: bytes) -> dict[str, Any]:
    """A request's JSON object. Raises :class:`ApiError`."""
    try:
        parsed = json.loads(body or b"null")
    except ValueError as error:
        raise ApiError(400, "JSON_PARSER_ERROR", str(error)) from None
    if not isinstance(parsed, dict):
        raise ApiError(400, "JSON_PARSER_ERROR", "a JSON object is expected")
    return parsed
