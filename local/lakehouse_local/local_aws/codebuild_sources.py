"""What a build starts from: sources and secrets.

docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html
"""

import json
import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from lakehouse_local.local_aws.codebuild_spec import BuildSpecError
from lakehouse_local.local_aws.context import s3_object


def unpack(source: Mapping[str, Any], folder: Path) -> None:
    """Unpack a source of type S3, a zip file, into ``folder``; NO_SOURCE leaves it empty."""
    folder.mkdir(parents=True)
    if source.get("type") == "NO_SOURCE":
        return
    with zipfile.ZipFile(BytesIO(s3_object(_uri(source["location"])))) as archive:
        for entry in archive.infolist():
            path = Path(archive.extract(entry, folder))
            mode = entry.external_attr >> 16 & 0o777
            if mode and path.is_file():
                path.chmod(mode | 0o600)


def buildspec_text(source: Mapping[str, Any], folder: Path) -> str:
    """The buildspec: inline, an object in S3 by ARN, or a file of the primary source."""
    given = str(source.get("buildspec") or "")
    if given.startswith("arn:"):
        return s3_object(_uri(given)).decode()
    if "\n" in given or given.lstrip().startswith("{"):
        return given
    path = folder / (given or "buildspec.yml")
    if not path.is_file():
        raise BuildSpecError(f"YAML_FILE_ERROR: the source has no file {given or 'buildspec.yml'}")
    return path.read_text()


def variables(project: Mapping[str, Any]) -> dict[str, str]:
    """The environment variables of the project, secrets resolved."""
    given = (project.get("environment") or {}).get("environmentVariables") or []
    found = {}
    for variable in given:
        kind = variable.get("type", "PLAINTEXT")
        if kind not in ("PLAINTEXT", "SECRETS_MANAGER"):
            raise BuildSpecError(
                f"environment variable {variable['name']}: the local AWS does not support "
                f"the type {kind}; it supports PLAINTEXT, SECRETS_MANAGER"
            )
        value = str(variable.get("value", ""))
        found[variable["name"]] = value if kind == "PLAINTEXT" else secret(value)
    return found


def secret(reference: str) -> str:
    """The value for ``secret-id:json-key:version-stage``, where the id may be an ARN."""
    from ministack.services import secretsmanager

    parts = reference.split(":")
    length = 7 if reference.startswith("arn:") else 1
    secret_id, rest = ":".join(parts[:length]), parts[length:]
    request = {"SecretId": secret_id}
    if len(rest) > 1 and rest[1]:
        request["VersionStage"] = rest[1]
    status, _, body = secretsmanager._get_secret_value(request)
    answer = json.loads(body)
    if status >= 400:
        raise BuildSpecError(f"Secrets Manager Error Message: {secret_id}: {answer.get('message')}")
    if not rest or not rest[0]:
        return answer["SecretString"]
    values = json.loads(answer["SecretString"])
    if rest[0] not in values:
        raise BuildSpecError(f"Secrets Manager Error Message: {secret_id} has no key {rest[0]}")
    return str(values[rest[0]])


def _uri(location: str) -> str:
    """``bucket/key`` or an ARN, as CodeBuild takes it, as an s3:// address."""
    return f"s3://{location.removeprefix('arn:aws:s3:::')}"
