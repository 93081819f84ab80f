"""The org: signing in, what is left of its limits, and what the user may see of it."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from lakehouse_jobs.contract.objects import FieldRules, ObjectsConfig
from lakehouse_jobs.contract.raw_log import TableProperty, table_name
from lakehouse_jobs.errors import AddressRefusedError, ObjectNotFoundError
from lakehouse_jobs.extract.columns import unknown
from lakehouse_jobs.salesforce import Org, read_secret
from lakehouse_jobs.salesforce.describe import Description
from lakehouse_jobs.salesforce.limits import read_limits
from lakehouse_tools import secret
from lakehouse_tools.checks import Check, CheckFailedError, Note, Secrets, attempt
from lakehouse_tools.configured import deployed_config, in_vpc
from lakehouse_tools.discover import permissions
from lakehouse_tools.discover.access import open_org
from lakehouse_tools.display.words import count
from lakehouse_tools.environment import Environment
from lakehouse_tools.stack import Stack

_AT_ONCE: Final = 8  # describes
_MOST_NAMES: Final = 8  # of fields in a line

GRANT: Final = (
    "give the user the permission set that `lakehouse discover` writes,"
    " or take it out of config/salesforce_objects.json"
)

_FROM_ITS_VPC: Final = (
    "nothing, if the ranges have the address of the VPC's NAT gateway: runs come from that one;"
    " `lakehouse run` tries it"
)
_UNKNOWN: Final = "no such field, or this user may not read it"
_CORRECT: Final = "grant Read on it, or correct the name in config/salesforce_objects.json"


def check(environment: Environment, stack: Stack, secrets: Secrets) -> Iterator[Check]:
    """Login, limits, then each configured object. Stops where nothing further can be known."""
    opened: list[Org] = []
    config: list[ObjectsConfig] = []

    def sign_in() -> str:
        secret.require_filled(environment, stack)
        text = secret.read(environment, stack)
        credentials = read_secret(text, name=stack.salesforce_secret_arn)
        secrets.learn(
            (credentials.client_secret, credentials.private_key), user=credentials.client_id
        )
        config.append(deployed_config(environment, stack))
        try:
            org = open_org(credentials, api_version=config[0].api_version)
        except AddressRefusedError as error:
            if not in_vpc(environment, stack):
                raise
            raise Note(f"not tried further from this machine: {error}", _FROM_ITS_VPC) from None
        secrets.learn((org.transport.token.access_token,))
        opened.append(org)
        return f"signed in to org {org.org_id} at {credentials.instance_url}"

    yield attempt("login", environment, secrets, sign_in)
    if not opened:
        return
    org, wanted = opened[0], config[0]
    yield attempt("API limits", environment, secrets, lambda: limits(org, wanted))
    listed: list[str] = []

    def names() -> str:
        listed.extend(org.object_names())
        chosen = configured(wanted, listed)
        return f"{len(chosen)} objects configured, {len(listed)} can be queried"

    yield attempt("objects", environment, secrets, names, remedy="see the login above")
    if listed:
        yield from _objects(org, wanted, configured(wanted, listed), environment, stack, secrets)


def configured(config: ObjectsConfig, available: Iterable[str]) -> list[str]:
    """All objects that a run would read, each once."""
    known = list(available)
    return list(
        dict.fromkeys(n for group in config.groups for n in config.members(group.name, known))
    )


def limits(org: Org, config: ObjectsConfig) -> str:
    """What is left of the daily limits, by the share that the configuration lets runs use."""
    found = read_limits(org.limits())
    if not found:
        raise Note("the org does not tell its limits", "let the user see /limits")
    share = config.api_budget.daily_share
    told: list[str] = []
    for limit, usage in found.items():
        text = f"{limit.value} {count(usage.limit - usage.used)} of {count(usage.limit)} left"
        if usage.used >= share * usage.limit:
            raise CheckFailedError(
                f"{text}; runs stop at {share:.0%} used (api_budget.daily_share)",
                "wait: what was used drops out after 24 hours; or find what else uses the org's"
                " API (Setup, System Overview)",
            )
        told.append(text)
    return ", ".join(told)


def _objects(
    org: Org,
    config: ObjectsConfig,
    names: list[str],
    environment: Environment,
    stack: Stack,
    secrets: Secrets,
) -> Iterator[Check]:
    described: dict[str, Description] = {}

    def one(name: str) -> Check:
        def look() -> str:
            try:
                found = org.describe(name)
            except ObjectNotFoundError:
                raise CheckFailedError("not there, or this user may not read it", GRANT) from None
            described[name] = found
            return visible(
                found,
                config.rules(name).fields,
                _own(config, name),
                has_rows=lambda: _has_rows(environment, stack, name),
            )

        return attempt(name, environment, secrets, look)

    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        results = {check.name: check for check in pool.map(one, names)}
    hidden = _hidden(org, described)
    for name in names:
        check, missing = results[name], hidden.get(name, ())
        if check.passed and missing:
            yield Check(
                name=name,
                passed=None,
                text=secrets.hide(
                    f"{check.text}; {len(missing)} more hidden from this user: {_some(missing)}"
                ),
                remedy="grant Read on them if the lake should have them",
                seconds=check.seconds,
            )
        else:
            yield check


def _own(config: ObjectsConfig, name: str) -> FieldRules:
    """The rules that stand with this object alone; the defaults may fit other objects."""
    own = config.objects.get(name.lower())
    return own.fields if own else FieldRules()


def visible(
    found: Description, rules: FieldRules, own: FieldRules, *, has_rows: Callable[[], bool]
) -> str:
    """The object's fields as the rules leave them. A rule that names none of them is told.

    It fails the check where it fails a run: while raw has no row of the object, as its name may
    be misspelt and the field that was meant would go in clear.
    """
    _ = found.stamp_field  # without one no change can be followed
    hiding = sorted({name for _, name in unknown(found, own)})
    absent = sorted({*hiding, *(name for name in own.accept if not found.has(name))})
    if hiding and not has_rows():
        raise CheckFailedError(
            f"the rules name {_some(hiding)}: {_UNKNOWN}",
            f"{_CORRECT}: a first load refuses a rule that hits nothing",
        )
    names = {field.name.lower() for field in found.fields}
    excluded, hashed = len(names & rules.exclude), len(names & rules.hash)
    more = [f"{n} {what}" for n, what in ((excluded, "excluded"), (hashed, "hashed")) if n]
    text = ", ".join([f"{len(names)} fields can be read", *more])
    if hiding:
        raise Note(
            f"{text}; the rules name {_some(absent)}: {_UNKNOWN}",
            f"{_CORRECT}: until then new fields of the object wait",
        )
    if absent:
        raise Note(f"{text}; the rules accept {_some(absent)}: {_UNKNOWN}", _CORRECT)
    return text


def _has_rows(environment: Environment, stack: Stack, name: str) -> bool:
    """Whether a run has landed rows of the object."""
    client = environment.client("glue")
    try:
        table = client.get_table(DatabaseName=stack.raw_database, Name=table_name(name))["Table"]
    except client.exceptions.EntityNotFoundException:
        return False
    return table.get("Parameters", {}).get(TableProperty.BATCH, "0") != "0"


def _hidden(org: Org, described: dict[str, Description]) -> dict[str, tuple[str, ...]]:
    """Fields that somebody may read and this user may not, where the org tells."""
    base = f"/services/data/v{org.api_version}"
    seen = {name: [f.name for f in found.fields] for name, found in described.items()}
    found: dict[str, tuple[str, ...]] = {}
    for chunk in permissions.chunks(seen):
        found |= permissions.hidden_fields(org, base, chunk, seen)
    return found


def _some(names: Iterable[str]) -> str:
    known = list(names)
    more = f" and {len(known) - _MOST_NAMES} more" if len(known) > _MOST_NAMES else ""
    return ", ".join(known[:_MOST_NAMES]) + more
