"""Calls from a state machine to the local services, through their front door.

What the other adapters put in place is therefore what a task reaches. An exception of a
service becomes ``<Service>.<Exception>`` as in AWS
(docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html).
"""

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from lakehouse_local.local_aws.step_functions_errors import StatesError

Headers = Mapping[str, str]


def json_call(service: str, prefix: str, target: str, payload: Any) -> dict[str, Any]:
    """Call an operation of a JSON service, for example ``glue``, ``AWSGlue.StartJobRun``.

    Raises :class:`StatesError` ``<prefix>.<Exception>``.
    """
    headers = {"x-amz-target": target, "content-type": "application/x-amz-json-1.1"}
    status, _, body = _request(service, "POST", "/", headers, json.dumps(payload).encode(), {})
    answer = json.loads(body) if body else {}
    if status >= 400:
        name = str(answer.get("__type", "ServiceException")).split("#")[-1]
        message = answer.get("message") or answer.get("Message") or ""
        raise StatesError(exception_name(prefix, name), cause(prefix, status, message))
    return answer


def query_call(service: str, prefix: str, parameters: Mapping[str, str]) -> ElementTree.Element:
    """Call an operation of a query service such as SNS; its answer's XML."""
    body = urlencode(parameters).encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    status, _, answer = _request(service, "POST", "/", headers, body, {})
    if status >= 400:
        raise xml_error(prefix, status, answer)
    return ElementTree.fromstring(answer)  # noqa: S314 - our own server's answer


def s3_call(
    method: str, bucket: str, key: str, *, headers: Headers | None = None, body: bytes = b""
) -> tuple[Headers, bytes]:
    """Call S3 for one object; its answer's headers (lower case) and body."""
    path = f"/{bucket}/{key}"  # decoded, as the server hands it on
    status, answered, content = _request("s3", method, path, dict(headers or {}), body, {})
    if status >= 400:
        raise xml_error("S3", status, content)
    return {k.lower(): str(v) for k, v in answered.items()}, bytes(content)


def xml_error(prefix: str, status: int, body: bytes | str) -> StatesError:
    """The error in an XML answer."""
    found: dict[str, str] = {}
    try:
        for element in ElementTree.fromstring(body).iter():  # noqa: S314 - our own server's
            found.setdefault(element.tag.split("}")[-1], element.text or "")
    except ElementTree.ParseError:
        pass
    name = found.get("Code") or f"{prefix}Exception"
    return StatesError(
        exception_name(prefix, name), cause(prefix, status, found.get("Message") or name)
    )


def exception_name(prefix: str, name: str) -> str:
    """The name of a service's exception as Retry and Catch see it."""
    return f"{prefix}.{name}" if name.endswith("Exception") else f"{prefix}.{name}Exception"


def cause(prefix: str, status: int, message: str) -> str:
    """The cause as the SDK behind Step Functions words it."""
    return f"{message} (Service: {prefix}, Status Code: {status}, Request ID: local)"


def pascal(value: Any) -> Any:
    """Keys as Step Functions writes them: CodeBuild's ``buildStatus`` becomes ``BuildStatus``."""
    if isinstance(value, dict):
        return {k[:1].upper() + k[1:]: pascal(v) for k, v in value.items() if not k.startswith("_")}
    return [pascal(v) for v in value] if isinstance(value, list) else value


def camel(value: Any) -> Any:
    """The inverse of :func:`pascal`."""
    if isinstance(value, dict):
        return {k[:1].lower() + k[1:]: camel(v) for k, v in value.items()}
    return [camel(v) for v in value] if isinstance(value, list) else value


def _request(
    service: str,
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes,
    query: dict[str, str],
) -> tuple[int, Headers, bytes]:
    from ministack import app

    status, answered, content = app.call_service_handler_sync(
        app.SERVICE_HANDLERS[service], method, path, headers, body, query
    )
    return status, answered, content.encode() if isinstance(content, str) else content or b""
