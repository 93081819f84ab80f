"""Request and response: call a service and go on with its answer.

S3 through the SDK integration (docs.aws.amazon.com/step-functions/latest/dg/
supported-services-awssdk.html): the Body of getObject is a string. SNS:
connect-sns.html: a Message that is an object is sent as its JSON. ministack drops the
Body of getObject and names every failure of SNS ``SNS.PublishFailed``.
"""

import base64
import json
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any, Final

from lakehouse_local.local_aws.step_functions_errors import DATA_LIMIT, RUNTIME, StatesError
from lakehouse_local.local_aws.step_functions_flow import PAYLOAD_LIMIT
from lakehouse_local.local_aws.step_functions_services import pascal, query_call, s3_call
from lakehouse_local.local_aws.step_functions_sync import camel, codebuild, glue

Call = Callable[[Any], Any]

_OUTPUT_HEADERS: Final = {
    "accept-ranges": "AcceptRanges",
    "content-type": "ContentType",
    "content-encoding": "ContentEncoding",
    "etag": "ETag",
    "x-amz-version-id": "VersionId",
    "x-amz-server-side-encryption": "ServerSideEncryption",
}


def get_object(arguments: Any) -> Any:
    """``aws-sdk:s3:getObject``."""
    known = {"Bucket", "Key", "Range", "IfMatch", "IfNoneMatch", "ExpectedBucketOwner"}
    _refuse_others("s3:getObject", arguments, known)
    asked = {"Range": "range", "IfMatch": "if-match", "IfNoneMatch": "if-none-match"}
    headers = {h: str(arguments[a]) for a, h in asked.items() if a in arguments}
    answered, body = s3_call("GET", arguments["Bucket"], arguments["Key"], headers=headers)
    if len(body) > PAYLOAD_LIMIT:
        raise StatesError(
            DATA_LIMIT,
            f"s3://{arguments['Bucket']}/{arguments['Key']} has {len(body)} bytes; a state takes "
            f"at most {PAYLOAD_LIMIT}",
        )
    result = {name: answered[h] for h, name in _OUTPUT_HEADERS.items() if h in answered}
    metadata = {
        h.removeprefix("x-amz-meta-"): v for h, v in answered.items() if h.startswith("x-amz-meta-")
    }
    result |= {"ContentLength": len(body), "Metadata": metadata}
    if "last-modified" in answered:
        moment = parsedate_to_datetime(answered["last-modified"])
        result["LastModified"] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {**result, "Body": body.decode("utf-8", errors="replace")}


def put_object(arguments: Any) -> Any:
    """``aws-sdk:s3:putObject``: a Body that is a string is written as it is, else as JSON."""
    known = {"Bucket", "Key", "Body", "ContentType", "IfNoneMatch", "ExpectedBucketOwner"}
    _refuse_others("s3:putObject", arguments, known)
    body = arguments.get("Body", "")
    text = body if isinstance(body, str) else json.dumps(body, separators=(",", ":"))
    asked = {"ContentType": "content-type", "IfNoneMatch": "if-none-match"}
    headers = {h: str(arguments[a]) for a, h in asked.items() if a in arguments}
    content = text.encode()
    headers["content-length"] = str(len(content))
    answered, _ = s3_call(
        "PUT", arguments["Bucket"], arguments["Key"], headers=headers, body=content
    )
    return {name: answered[h] for h, name in _OUTPUT_HEADERS.items() if h in answered}


def publish(arguments: Any) -> Any:
    """``sns:publish``."""
    single = ("TopicArn", "TargetArn", "Subject", "MessageStructure", "MessageGroupId")
    single += ("MessageDeduplicationId", "PhoneNumber")
    _refuse_others("sns:publish", arguments, {*single, "Message", "MessageAttributes"})
    form = {"Action": "Publish", "Version": "2010-03-31"}
    form |= {name: str(arguments[name]) for name in single if name in arguments}
    message = arguments.get("Message", "")
    form["Message"] = message if isinstance(message, str) else json.dumps(message)
    for number, (name, value) in enumerate(arguments.get("MessageAttributes", {}).items(), 1):
        entry = f"MessageAttributes.entry.{number}"
        form |= {f"{entry}.Name": name, f"{entry}.Value.DataType": value["DataType"]}
        if "BinaryValue" in value:
            binary = base64.b64encode(str(value["BinaryValue"]).encode()).decode()
            form[f"{entry}.Value.BinaryValue"] = binary
        else:
            form[f"{entry}.Value.StringValue"] = str(value["StringValue"])
    answer = query_call("sns", "SNS", form)
    found = next(e for e in answer.iter() if e.tag.split("}")[-1] == "MessageId")
    return {"MessageId": found.text}


CALLS: Final[dict[str, Call]] = {
    "aws-sdk:s3:getObject": get_object,
    "aws-sdk:s3:putObject": put_object,
    "sns:publish": publish,
    "glue:startJobRun": lambda arguments: glue("StartJobRun", arguments),
    "codebuild:startBuild": lambda arguments: pascal(codebuild("StartBuild", camel(arguments))),
}


def _refuse_others(action: str, arguments: Any, known: set[str]) -> None:
    others = sorted(set(arguments) - known)
    if others:
        raise StatesError(
            RUNTIME,
            f"{action}: the local AWS does not support {', '.join(others)}; "
            f"it knows {', '.join(sorted(known))}",
        )
