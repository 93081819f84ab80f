"""The script that Glue starts: extract one group of objects into raw tables.

Arguments come as ``--name value`` in ``sys.argv``, Glue's own among them; awsglue is
not needed. Exit status 1 and one last line where an object failed, 2 for arguments
that cannot be read.
"""

import gc

if __name__ == "__main__":
    # Nothing that is imported is garbage, and looking for some takes a tenth of the imports' CPU;
    # main switches it on again.
    gc.disable()

import argparse
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from lakehouse_jobs import log
from lakehouse_jobs.contract.arguments import ALL_OBJECTS, UNSET, Argument, Mode
from lakehouse_jobs.contract.errors import ConfigError
from lakehouse_jobs.contract.objects import Group, ObjectsConfig, is_pattern
from lakehouse_jobs.contract.period import Period
from lakehouse_jobs.contract.progress import Event
from lakehouse_jobs.contract.raw_log import RUNS_TABLE
from lakehouse_jobs.contract.runs import GroupOutcome, blank_outcome, object_outcome_key
from lakehouse_jobs.errors import LakehouseError, RequestError, SecretError
from lakehouse_jobs.extract.group import chosen, extract_group, fail
from lakehouse_jobs.extract.run_report import append_runs
from lakehouse_jobs.extract.summary import failure_line, summarize, write_summary
from lakehouse_jobs.extract.task import Lake, Task
from lakehouse_jobs.raw.catalog import raw_catalog
from lakehouse_jobs.raw.owner import check_owner
from lakehouse_jobs.raw.store import Store, s3_client
from lakehouse_jobs.salesforce.budget import Budget, long_requests_of
from lakehouse_jobs.salesforce.lanes import Lanes
from lakehouse_jobs.salesforce.org import Org
from lakehouse_jobs.salesforce.secret import read_secret
from lakehouse_jobs.salesforce.transport import Transport

# Of the group's time, after which no Bulk job is waited for: Glue kills the run at the end of
# it, and an error that says why is better.
SHARE_FOR_JOBS = 0.9
# Of the same time, after which no backfill begins.
SHARE_BEFORE_FILLING = 0.5


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The job's own arguments; others are Glue's and are left alone."""
    parser = argparse.ArgumentParser(prog="salesforce_extractor", allow_abbrev=False)
    for argument in (
        Argument.LAKE_BUCKET,
        Argument.RAW_DATABASE,
        Argument.SALESFORCE_SECRET,
        Argument.OBJECTS_CONFIG,
        Argument.EXECUTION_NAME,
        Argument.GROUP,
    ):
        parser.add_argument(argument.flag, required=True)
    parser.add_argument(Argument.OBJECTS.flag, default=ALL_OBJECTS)
    parser.add_argument(Argument.MODE.flag, dest="mode", default=Mode.INCREMENTAL.value)
    parser.add_argument(Argument.SINCE.flag, default=UNSET)
    parser.add_argument(Argument.UNTIL.flag, default=UNSET)
    return parser.parse_known_args(list(arguments))[0]


def checked_mode(options: argparse.Namespace) -> Mode:
    """The mode asked for. Raises RequestError for one that there is not."""
    if options.mode not in tuple(Mode):
        raise RequestError(f"mode: got {options.mode!r}; allowed: {', '.join(Mode)}")
    return Mode(options.mode)


def checked_period(options: argparse.Namespace) -> Period:
    """The range of time asked for. Raises RequestError for one that cannot be read."""
    ends = {
        name.value: None if value == UNSET else value
        for name in (Argument.SINCE, Argument.UNTIL)
        for value in (getattr(options, name.value),)
    }
    try:
        return Period.of(since=ends[Argument.SINCE], until=ends[Argument.UNTIL])
    except ValueError as error:
        raise RequestError(str(error)) from None


def run(options: argparse.Namespace) -> GroupOutcome:
    """Extract the group. Objects' errors are in the outcome; others are raised."""
    with log.about(run_id=options.execution_name, group=options.group):
        return _run(options)


def _run(options: argparse.Namespace) -> GroupOutcome:
    started = time.monotonic()
    region = _region(options.salesforce_secret_arn)
    s3 = s3_client(region=region)
    store = Store(options.lake_bucket, client=s3)
    mode, period = checked_mode(options), checked_period(options)
    config = _config(options.objects_config, s3)
    group = config.group(options.group)
    lake = Lake(catalog=raw_catalog(region=region), store=store, database=options.raw_database)
    org: Org | None = None
    try:
        org = _org(options.salesforce_secret_arn, config, group=group, region=region)
        for note in org.budget.read(org.limits):
            log.warn(note)
        names = chosen(config, group, options.objects, available=org.object_names)
    except (LakehouseError, BotoCoreError, ClientError) as error:
        if isinstance(error, RequestError):
            raise
        return _all_failed(options, config, error, lake=lake, org=org)
    workers = long_requests_of(config, group.name)
    with ThreadPoolExecutor(workers, thread_name_prefix="page") as pages:
        task = Task(
            org=org,
            lake=lake,
            config=config,
            run_id=options.execution_name,
            group=group.name,
            mode=mode,
            period=period,
            pages=pages,
            workers=workers,
            fill_before=started + 60 * group.timeout_minutes * SHARE_BEFORE_FILLING,
            fill_until=started + 60 * group.timeout_minutes * SHARE_FOR_JOBS,
        )
        return extract_group(task, names, report=log.say)


def _all_failed(
    options: argparse.Namespace,
    config: ObjectsConfig,
    error: Exception,
    *,
    lake: Lake,
    org: Org | None,
) -> GroupOutcome:
    """What stops every object (a secret, a login) is the outcome of each of them.

    ``org``: where the login succeeded.
    """
    group = config.group(options.group)
    names = chosen(config, group, options.objects, available=list)
    log.say(Event.RUN_STARTED, objects=names)
    # A group of patterns alone has no names before the org was asked.
    mode = Mode(options.mode)
    outcomes = [
        fail(blank_outcome(group.name, name, mode=mode), error) for name in names or group.include
    ]
    for outcome in outcomes if names else ():
        key = object_outcome_key(options.execution_name, outcome["object"])
        lake.store.write_json(key, outcome)
    summary = summarize(group.name, outcomes, built={})
    write_summary(lake.store, options.execution_name, summary)
    if names and _may_report(lake, config, org):
        append_runs(
            lake.catalog,
            lake.store,
            database=lake.database,
            run_id=options.execution_name,
            group=group.name,
            outcomes=outcomes,
        )
    log.say(Event.RUN_FINISHED, landed=0, unchanged=0, skipped=0, failed=len(outcomes))
    return summary


def _may_report(lake: Lake, config: ObjectsConfig, org: Org | None) -> bool:
    """Whether the run may write to the database's table of runs.

    Without a login no org is known: the rows then hold only what this stack's own
    configuration and execution say, and a login that fails is what people look for there.
    Once an org is known, not a word is written to the database of another one.
    """
    if org is None:
        return True
    named = (i for group in config.groups for i in group.include if not is_pattern(i))
    try:
        check_owner(
            lake.catalog,
            lake.store,
            database=lake.database,
            org_id=org.org_id,
            objects=dict.fromkeys(named),
        )
    except Exception as error:
        log.warn(f"{lake.database}.{RUNS_TABLE} does not get this run: {log.told(error)}")
        return False
    return True


def _config(address: str, s3: Any) -> ObjectsConfig:
    parts = urlsplit(address)
    bucket = Store(parts.netloc, client=s3)
    try:
        text = bucket.read(parts.path.lstrip("/"))
    except ClientError as error:
        raise RequestError(
            f"{address} cannot be read: {error.response['Error'].get('Message')}; deploy the "
            "stack again"
        ) from None
    if text is None:
        raise RequestError(f"{address} does not exist; deploy the stack again")
    return ObjectsConfig.from_text(text.decode(), where=address)


def _org(secret_arn: str, config: ObjectsConfig, *, group: Group, region: str) -> Org:
    client = boto3.client("secretsmanager", region_name=region)
    try:
        text = client.get_secret_value(SecretId=secret_arn).get("SecretString") or ""
    except ClientError as error:
        raise SecretError(
            f"secret {secret_arn} cannot be read: {error.response['Error'].get('Message')}; "
            "check that it exists and that the job's role may read it"
        ) from None
    name = secret_arn.rsplit(":", 1)[-1]
    most = long_requests_of(config, group.name)
    transport = Transport(
        read_secret(text, name=name),
        budget=Budget(config.api_budget, long_requests=most),
        lanes=Lanes(least=os.cpu_count() or 2, most=most),
    )
    until = time.monotonic() + 60 * group.timeout_minutes * SHARE_FOR_JOBS
    return Org(transport, api_version=config.api_version, jobs_until=until)


def _region(secret_arn: str) -> str:
    """The region in the secret's ARN, which is the stack's."""
    parts = secret_arn.split(":")
    if len(parts) < 7:
        raise RequestError(
            f"{Argument.SALESFORCE_SECRET.flag}: got {secret_arn!r}; allowed: a secret's ARN"
        )
    return parts[3]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the job; ends the process with one line where something failed."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    # What was imported stays, and is not walked again at every collection; a run makes
    # few objects of its own, as rows are Arrow's.
    gc.freeze()
    gc.set_threshold(50_000)
    gc.enable()
    try:
        failure = failure_line(run(options))
    except (LakehouseError, ConfigError) as error:
        failure = str(error)
    except (BotoCoreError, ClientError) as error:
        failure = f"AWS refused what the job needs: {error}; check the job's role and arguments"
    except Exception as error:
        failure = log.unforeseen(error)
    # The process ends: no use in looking through what is left for what is garbage.
    gc.freeze()
    if failure:
        sys.stdout.flush()
        sys.exit(failure)


if __name__ == "__main__":
    main()
