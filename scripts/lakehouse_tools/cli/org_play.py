"""``lakehouse org field | record | mood | limit``: what happens to an org, on request."""

from typing import Any

import click

_FIELD = ("add", "remove", "rename", "retype", "widen", "hide", "grant")
_RECORD = ("update", "delete", "undelete", "purge", "hide", "share", "drift")
_MOODS = ("error", "drop", "cut", "truncate", "garble", "wait", "stall")
_JOB_MOODS = ("fail_job", "abort_job", "expire_job")


@click.command()
@click.argument("action", type=click.Choice(_FIELD))
@click.argument("object_name", metavar="OBJECT")
@click.argument("field_name", metavar="FIELD")
@click.option("--type", "kind", help="Its type, for add and retype.  [default: string]")
@click.option("--length", type=click.IntRange(min=1), help="Its length: add, retype, widen.")
@click.option("--digits", type=(int, int), help="Precision and scale: add, retype, widen.")
@click.option("--default", help="What add puts into every record.  [default: nothing]")
@click.option("--to", help="The new name, for rename; it ends in __c.")
def field(*, action: str, object_name: str, field_name: str, **options: Any) -> None:
    """Change a field as an administrator would, or who may read it.

    Custom fields are added, removed, renamed and given another type; others can be
    widened. hide takes the field from the integration user, grant gives it back. No
    SystemModstamp moves.

    \b
    Examples:
      lakehouse org field add Account Region__c --default EMEA
      lakehouse org field retype Account Cost_Center__c --type double
      lakehouse org field rename Account Region__c --to Territory__c
      lakehouse org field hide Contact Email
    """
    given = {
        "do": action,
        "object": object_name,
        "name": field_name,
        "type": options["kind"],
        "length": options["length"],
        "decimals": options["digits"],
        "default": options["default"],
        "to": options["to"],
    }
    _ask("POST", "fields", {key: value for key, value in given.items() if value is not None})
    click.echo(f"{action}: {object_name}.{field_name}; `lakehouse run` shows what comes of it")


@click.command()
@click.argument("action", type=click.Choice(_RECORD))
@click.argument("object_name", metavar="OBJECT")
@click.option(
    "--count", type=click.IntRange(min=1), default=1, show_default=True, help="How many records."
)
@click.option("--id", "ids", multiple=True, help="This record; can be repeated.")
@click.option("--late", type=click.IntRange(min=0), help="Stamp them so many seconds ago.")
def record(
    *, action: str, object_name: str, count: int, ids: tuple[str, ...], late: int | None
) -> None:
    """Change records, also in ways that no query shows.

    purge deletes for good, without a trace in queries; hide takes records from the
    integration user's sight, share gives them back; drift changes formula values. None
    of the last three moves a SystemModstamp. Without --id the first by Id are taken.

    \b
    Examples:
      lakehouse org record purge Account --count 3
      lakehouse org record hide Contact --count 20
      lakehouse org record update Lead --late 90
    """
    given: dict[str, Any] = {"object": object_name, "operation": action}
    given |= {"records": [{"Id": each} for each in ids]} if ids else {"count": count}
    if late is not None:
        given["late_seconds"] = late
    done = _ask("POST", "records", given)["ids"]
    more = " …" if len(done) > 3 else ""
    click.echo(f"{action}: {len(done):,} of {object_name}: {', '.join(done[:3])}{more}")


@click.command()
@click.argument("action", type=click.Choice([*_MOODS, *_JOB_MOODS, "clear", "list"]))
@click.option("--path", default=".", help="Requests whose path matches it.  [default: all]")
@click.option("--times", type=click.IntRange(min=1), default=1, show_default=True, help="How many.")
@click.option("--after", type=click.IntRange(min=0), default=0, help="Let so many pass first.")
@click.option("--status", type=int, default=503, show_default=True, help="Status of an error.")
@click.option("--seconds", type=float, default=30.0, show_default=True, help="For wait and stall.")
def mood(*, action: str, path: str, times: int, after: int, status: int, seconds: float) -> None:
    """Spoil the next answers: errors, broken connections, jobs that end badly.

    \b
    Examples:
      lakehouse org mood error --path /results --status 503 --times 3
      lakehouse org mood cut --path /results --after 2
      lakehouse org mood expire_job --path /results
      lakehouse org mood clear
    """
    if action == "clear":
        _ask("DELETE", "moods")
    elif action != "list":
        given = {"action": action, "path": path, "times": times, "after": after}
        _ask("POST", "moods", given | {"status": status, "seconds": seconds})
    moods = _ask("GET", "moods")
    for each in moods:
        click.echo(f"{each['action']} for {each['path']}: {each['times']} more")
    if not moods:
        click.echo("a good mood: nothing is spoilt")


@click.command()
@click.option("--api-requests", type=click.IntRange(min=0), help="Requests in 24 hours.")
@click.option("--bulk-jobs", type=click.IntRange(min=0), help="Bulk query jobs in 24 hours.")
@click.option("--bulk-megabytes", type=click.IntRange(min=0), help="Bulk results in 24 hours.")
@click.option("--long-requests", type=click.IntRange(min=1), help="Requests over 20 s at once.")
def limit(**limits: int | None) -> None:
    """Say what was used of the org's limits, and set them small. A restart sets them back.

    \b
    Examples:
      lakehouse org limit
      lakehouse org limit --api-requests 200
    """
    given = {key: value for key, value in limits.items() if value is not None}
    most = _ask("POST", "behaviour", given) if given else _ask("GET", "behaviour")
    used = _ask("GET", "status")["usage"]
    click.echo(f"requests   {used['requests']:>9,} of {most['api_requests']:,} in 24 hours")
    click.echo(f"bulk jobs  {used['bulk_jobs']:>9,} of {most['bulk_jobs']:,}")
    megabytes = used["bulk_bytes"] // 1_000_000
    click.echo(f"bulk MB    {megabytes:>9,} of {most['bulk_megabytes']:,}")
    click.echo(f"at once              {most['long_requests']:,} long requests")


def _ask(method: str, name: str, body: dict[str, Any] | None = None) -> Any:
    from lakehouse_local.home import Home
    from lakehouse_local.salesforce_org import lifecycle

    return lifecycle.ask(Home.from_environment(), method, name, body)
