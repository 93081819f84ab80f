"""The topic of the alerts: a new one, and what lets alarms publish to any.

An alarm that may not publish looks healthy, and nothing arrives.
"""

from aws_cdk import ArnFormat, Aws, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from lakehouse_constructs._interfaces import as_topic, service_principal
from lakehouse_constructs._lake_key import let_alarms_use


def new_topic(scope: Construct, key: kms.IKey) -> sns.ITopic:
    """A topic on the key, over TLS alone, to which the account's alarms may publish."""
    topic = sns.Topic(
        scope, "Alerts", display_name="Lakehouse alerts", master_key=key, enforce_ssl=True
    )
    made = as_topic(topic)
    let_alarms_publish(made)
    return made


def let_alarms_publish(topic: sns.ITopic) -> None:
    """Both halves that CDK leaves out: the topic's policy, and that of its key.

    With ``enforce_ssl`` a topic's policy holds a Deny alone. The policies of an imported
    topic and of an imported key are their owner's: nothing is added. A statement that is
    there already is not added twice.
    """
    alarms = Stack.of(topic).format_arn(
        service="cloudwatch",
        resource="alarm",
        resource_name="*",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    topic.add_to_resource_policy(
        iam.PolicyStatement(
            sid="CloudWatchAlarms",
            principals=[service_principal("cloudwatch.amazonaws.com")],
            actions=["sns:Publish"],
            resources=[topic.topic_arn],
            conditions={
                "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
                "ArnLike": {"aws:SourceArn": alarms},
            },
        )
    )
    if topic.master_key is not None:
        let_alarms_use(topic.master_key)
