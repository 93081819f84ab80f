"""How an adapter takes the place of a function of ministack: from outside, and checked.

Each adapter was written against one version. A function that is gone or takes other
parameters after an upgrade must stop the server with a name, not misbehave.
"""

import inspect
from collections.abc import Callable
from importlib.metadata import version
from types import ModuleType
from typing import Any, Final

MINISTACK_VERSION: Final = "1.5.33"


class MinistackChangedError(RuntimeError):
    """ministack no longer has what an adapter was written for."""


def replace(
    module: ModuleType, name: str, replacement: Callable[..., Any], *, parameters: str
) -> Callable[..., Any]:
    """Put ``replacement`` in place of ``module.name`` and return the original.

    ``parameters`` are the names that the original is known to take, separated by spaces.
    """
    original = expect(module, name, parameters=parameters)
    setattr(module, name, replacement)
    return original


def expect(module: ModuleType, name: str, *, parameters: str) -> Callable[..., Any]:
    """``module.name``, once it is known to take exactly ``parameters``."""
    original = getattr(module, name, None)
    if not callable(original):
        raise MinistackChangedError(_message(module, name, parameters, "it is not there"))
    found = " ".join(inspect.signature(original).parameters)
    if found != parameters:
        raise MinistackChangedError(_message(module, name, parameters, f"it takes ({found})"))
    return original


def _message(module: ModuleType, name: str, parameters: str, found: str) -> str:
    return (
        f"{module.__name__}.{name}({parameters}) is what the adapters for ministack "
        f"{MINISTACK_VERSION} replace, but in the installed {version('ministack')} {found}; "
        f"install ministack=={MINISTACK_VERSION} or adapt the adapter"
    )
