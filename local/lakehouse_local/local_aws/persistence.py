"""State is saved every few seconds, so that a killed server loses little.

AWS keeps what it has acknowledged. ministack 1.5.33 saves at a clean shutdown only
(``core.persistence.save_all`` in the lifespan handler).
"""

import logging
import threading
from typing import Any, Final

from lakehouse_local.local_aws.context import Context
from lakehouse_local.local_aws.patching import expect, replace

EVERY: Final = 3.0  # seconds


def install(context: Context) -> None:  # noqa: ARG001
    """Start saving in the background."""
    from ministack import app

    services = expect(app, "_build_persistence_save_dict", parameters="")
    saving = threading.Lock()

    def save_all(states: dict[str, Any]) -> None:
        # Both writers, this thread and the shutdown, use one temporary name for each file.
        with saving:
            original(states)

    original = replace(app, "save_all", save_all, parameters="services")
    # It says at INFO that each service was saved, each time.
    logging.getLogger("persistence").setLevel(logging.WARNING)

    def keep_saving() -> None:
        pause = threading.Event()
        while not pause.wait(EVERY):
            try:
                save_all(services())
            except Exception:
                logging.getLogger("local_aws").exception("state not saved")

    threading.Thread(target=keep_saving, name="persistence", daemon=True).start()
