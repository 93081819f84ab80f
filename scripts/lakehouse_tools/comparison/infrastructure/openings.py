"""What is open, unprotected or not kept in one system, resource by resource."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from lakehouse_tools.comparison.infrastructure.counterparts import part_of
from lakehouse_tools.comparison.infrastructure.policies import (
    Breadth,
    denies_plain_http,
    policy_openings,
)
from lakehouse_tools.comparison.infrastructure.resolving import SECRET, is_secret
from lakehouse_tools.comparison.infrastructure.system import Resource, System, at, formed
from lakehouse_tools.review.stateful import STATEFUL


class Kind(StrEnum):
    """How something is open. The worst first."""

    PUBLIC = "open to anybody"
    PUBLIC_IF = "open to anybody, under a condition"
    SECRET = "secret in plain text"  # noqa: S105 - no password
    BLOCK = "public access is not blocked"
    OUTSIDE = "open to another account"
    NETWORK = "open to the internet"
    CALLERS = "callers are not narrowed"
    ACTIONS = "every action of a service"
    RESOURCES = "every resource"
    MANAGED = "a managed policy for everything"
    PLAIN = "no encryption set"
    NO_TLS = "requests without TLS are taken"
    DELETED = "deleted with its stack"
    VERSIONS = "what is overwritten is lost"
    FOREVER = "nothing expires"


# Who else gets in, or reads what: each counts by itself, whatever another system leaves open.
GRAVE: Final = frozenset({Kind.PUBLIC, Kind.PUBLIC_IF, Kind.SECRET, Kind.OUTSIDE, Kind.NETWORK})
# Stateful, and yet nobody's records: queries by name, lines of logs.
_WITHOUT_RECORDS: Final = frozenset({"AWS::Athena::WorkGroup", "AWS::Logs::LogGroup"})
_BREADTHS: Final = {
    Breadth.ANYBODY: Kind.PUBLIC,
    Breadth.ANYBODY_IF: Kind.PUBLIC_IF,
    Breadth.ACCOUNT: Kind.OUTSIDE,
    Breadth.ACTIONS: Kind.ACTIONS,
    Breadth.RESOURCES: Kind.RESOURCES,
    Breadth.MANAGED: Kind.MANAGED,
}


@dataclass(frozen=True, kw_only=True, order=True)
class Opening:
    """One thing that is open. ``text`` never holds a secret's value."""

    kind: Kind
    part: str
    id: str  # of the resource or parameter
    text: str


def openings(system: System) -> list[Opening]:
    """Everything that is open in a system, the worst kind first."""
    found = list(_plain_parameters(system))
    for one in system.resources:
        with formed(f"{one.source}: {one.logical_id}"):
            by_variant = [set(_of(one, properties, system)) for properties in one.variants]
        always = set.intersection(*by_variant)
        for kind, text in set.union(*by_variant):
            text = text if (kind, text) in always else f"{text}, depending on a condition"
            found.append(Opening(kind=kind, part=part_of(one.type), id=one.id, text=text))
    order = list(Kind)
    return sorted(found, key=lambda o: (order.index(o.kind), o.part, o.id, o.text))


_Said = tuple[Kind, str]


def _of(one: Resource, properties: Mapping[str, Any], system: System) -> Iterator[_Said]:
    for breadth, text in policy_openings(one, properties):
        yield _BREADTHS[breadth], text
    checks = _CHECKS.get(one.type)
    if checks is not None:
        yield from checks(one, properties, system)
    for path in _ENCRYPTED.get(one.type, ()):
        if at(properties, path) not in (None, False, "false"):
            break
    else:
        if one.type in _ENCRYPTED:
            yield Kind.PLAIN, _ENCRYPTED[one.type][0]
    if one.type in STATEFUL and not one.kept and one.type not in _WITHOUT_RECORDS:
        yield Kind.DELETED, "no DeletionPolicy Retain"
    yield from _plain_values(properties)


def _bucket(one: Resource, properties: Mapping[str, Any], system: System) -> Iterator[_Said]:
    block = properties.get("PublicAccessBlockConfiguration") or {}
    wanted = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    off = [name for name in wanted if str(block.get(name)).lower() != "true"]
    if off:
        yield (
            Kind.BLOCK,
            "none of it is set" if len(off) == len(wanted) else f"not {', '.join(off)}",
        )
    acl = str(properties.get("AccessControl", ""))
    if acl.startswith(("PublicRead", "AuthenticatedRead")):
        yield Kind.PUBLIC, f"AccessControl {acl}"
    if at(properties, "VersioningConfiguration.Status") != "Enabled":
        yield Kind.VERSIONS, "no VersioningConfiguration"
    if not at(properties, "LifecycleConfiguration.Rules"):
        yield Kind.FOREVER, "no LifecycleConfiguration"
    if not denies_plain_http(one, system.of("AWS::S3::BucketPolicy")):
        yield Kind.NO_TLS, "no policy denies aws:SecureTransport false"


def _logs(one: Resource, properties: Mapping[str, Any], system: System) -> Iterator[_Said]:
    del one, system
    if not properties.get("RetentionInDays"):
        yield Kind.FOREVER, "no RetentionInDays"


def _permission(one: Resource, properties: Mapping[str, Any], system: System) -> Iterator[_Said]:
    del one, system
    narrowed = [k for k in ("SourceArn", "SourceAccount", "PrincipalOrgID") if k in properties]
    if properties.get("Principal") == "*":
        yield (Kind.PUBLIC_IF if narrowed else Kind.PUBLIC), "anybody may call the function"
    elif not narrowed:
        yield Kind.CALLERS, f"no SourceArn for {properties.get('Principal')}"


def _url(one: Resource, properties: Mapping[str, Any], system: System) -> Iterator[_Said]:
    del one, system
    if properties.get("AuthType") == "NONE":
        yield Kind.PUBLIC, "a function URL without authentication"


def _security_group(
    one: Resource, properties: Mapping[str, Any], system: System
) -> Iterator[_Said]:
    del one, system
    rules = properties.get("SecurityGroupIngress", [properties])
    for rule in rules if isinstance(rules, list) else [rules]:
        if rule.get("CidrIp") == "0.0.0.0/0" or rule.get("CidrIpv6") == "::/0":
            ports = f"{rule.get('FromPort', 'all')} to {rule.get('ToPort', 'all')}"
            yield Kind.NETWORK, f"ports {ports} from anywhere"


def _ssm(one: Resource, properties: Mapping[str, Any], system: System) -> Iterator[_Said]:
    del system
    if SECRET.search(f"{properties.get('Name')}") or SECRET.search(one.logical_id):
        yield Kind.SECRET, "an SSM parameter of CloudFormation is never a SecureString"


def _secret(one: Resource, properties: Mapping[str, Any], system: System) -> Iterator[_Said]:
    del one, system
    if isinstance(properties.get("SecretString"), str) and _is_plain(properties["SecretString"]):
        yield Kind.SECRET, "SecretString stands in the template"


def _plain_parameters(system: System) -> Iterator[Opening]:
    for name, parameter in system.parameters:
        hidden = str(parameter.get("NoEcho")).lower() == "true"
        if not is_secret(name.rsplit(".", 1)[-1], parameter) or not (
            parameter.get("Default") or not hidden
        ):
            continue
        text = "its Default stands in the template" if parameter.get("Default") else "no NoEcho"
        yield Opening(kind=Kind.SECRET, part="parameters", id=name, text=text)


def _plain_values(properties: Mapping[str, Any]) -> Iterator[_Said]:
    """Names of secrets with values of their own, in a function's environment or a job's."""
    for path in ("Environment.Variables", "DefaultArguments", "NonOverridableArguments"):
        for name, value in (at(properties, path) or {}).items():
            if SECRET.search(name.strip("-")) and _is_plain(value):
                yield Kind.SECRET, f"{path}: {name}"


def _is_plain(value: Any) -> bool:
    """A value that stands there, or comes from a parameter; not one that is looked up."""
    if isinstance(value, str):
        return bool(value) and "{{resolve:" not in value
    return isinstance(value, Mapping) and "Ref" in value


_Check = Callable[[Resource, Mapping[str, Any], System], Iterator[_Said]]
_CHECKS: Final[dict[str, _Check]] = {
    "AWS::S3::Bucket": _bucket,
    "AWS::Logs::LogGroup": _logs,
    "AWS::Lambda::Permission": _permission,
    "AWS::Lambda::Url": _url,
    "AWS::EC2::SecurityGroup": _security_group,
    "AWS::EC2::SecurityGroupIngress": _security_group,
    "AWS::SSM::Parameter": _ssm,
    "AWS::SecretsManager::Secret": _secret,
}
# Any of these properties encrypts it with a key that the template names.
_ENCRYPTED: Final = {
    "AWS::S3::Bucket": ("BucketEncryption",),
    "AWS::SNS::Topic": ("KmsMasterKeyId",),
    "AWS::SQS::Queue": ("KmsMasterKeyId", "SqsManagedSseEnabled"),
    "AWS::Glue::Job": ("SecurityConfiguration",),
    "AWS::Glue::Crawler": ("CrawlerSecurityConfiguration",),
    "AWS::Athena::WorkGroup": (
        "WorkGroupConfiguration.ResultConfiguration.EncryptionConfiguration",
    ),
    "AWS::Kinesis::Stream": ("StreamEncryption",),
    "AWS::Redshift::Cluster": ("Encrypted",),
    "AWS::RDS::DBInstance": ("StorageEncrypted",),
    "AWS::RDS::DBCluster": ("StorageEncrypted",),
    "AWS::EFS::FileSystem": ("Encrypted",),
}
