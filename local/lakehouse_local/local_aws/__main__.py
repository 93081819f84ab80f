"""The server process: ``python -m lakehouse_local.local_aws --root FOLDER --port PORT``."""

import argparse
import asyncio
import os
import resource
import shutil
from contextlib import suppress
from pathlib import Path

from lakehouse_local.home import ACCOUNT, REGION, Home
from lakehouse_local.local_aws.adapters import install_all
from lakehouse_local.local_aws.context import Context
from lakehouse_local.local_aws.logs import CloudWatchLogs
from lakehouse_local.local_aws.patching import MinistackChangedError
from lakehouse_local.local_aws.processes import Processes


def main() -> None:
    """Serve until SIGTERM; no child outlives the server."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--spark-pool", type=int, default=1)
    parser.add_argument("--spark-as-on-glue", action="store_true")
    parser.add_argument("--account-builds", type=int)
    options = parser.parse_args()
    home = Home(root=options.root.resolve(), port=options.port)
    os.environ.update(settings(home))  # ministack reads them when it is imported
    for folder in (home.state, home.s3, home.logs):
        folder.mkdir(parents=True, exist_ok=True)
    context = Context(
        home=home,
        processes=Processes(home.state / "children"),
        logs=CloudWatchLogs(),
        spark_pool=options.spark_pool,
        spark_as_on_glue=options.spark_as_on_glue,
        account_builds=options.account_builds,
    )
    ended = context.processes.end_orphans()
    if ended:
        print(f"ended {len(ended)} processes that an earlier server left behind", flush=True)
    shutil.rmtree(home.instance / "work", ignore_errors=True)  # which they wrote into until now
    try:
        install_all(context)
        serve(home)
    except MinistackChangedError as error:
        raise SystemExit(str(error)) from None
    finally:
        context.processes.stop_all()


def settings(home: Home) -> dict[str, str]:
    """Ministack's environment; by default it listens on every interface and forgets all."""
    return {
        "GATEWAY_PORT": str(home.port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(home.state / "ministack"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(home.s3),
        "LOG_LEVEL": "WARNING",
        # A Docker daemon, if there is one, is none of its business.
        "DOCKER_HOST": f"unix://{home.instance / 'no-docker.sock'}",
    }


def serve(home: Home) -> None:
    """Run ministack's application under its own web server."""
    from hypercorn.asyncio import serve as hypercorn_serve
    from hypercorn.config import Config
    from ministack.app import app

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    config = Config()
    config.bind = [f"127.0.0.1:{home.port}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1  # long polls are cut short
    config.loglevel = "WARNING"
    asyncio.run(hypercorn_serve(app, config))  # pyright: ignore[reportArgumentType]


if __name__ == "__main__":
    main()
