"""CDK classes as the interfaces that they implement.

jsii names the parameters of some methods differently in a class and in its interface,
so type checkers refuse what is right. The casts stand here, once each.
"""

from typing import Any, cast

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as cloudwatch_actions
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct


def service_principal(name: str, *, when: dict[str, Any] | None = None) -> iam.IPrincipal:
    """An AWS service, for example ``glue.amazonaws.com``, under the conditions ``when``."""
    return cast("iam.IPrincipal", iam.ServicePrincipal(name, conditions=when))


def email_subscription(address: str) -> sns.ITopicSubscription:
    """Messages by e-mail, once the address has confirmed."""
    return cast("sns.ITopicSubscription", subscriptions.EmailSubscription(address))


def as_role(role: iam.Role) -> iam.IRole:
    """The role that was made, as constructs take it."""
    return cast("iam.IRole", role)


def as_key(key: kms.Key) -> kms.IKey:
    """The key that was made, as constructs take it."""
    return cast("kms.IKey", key)


def as_log_group(group: logs.LogGroup) -> logs.ILogGroup:
    """The log group that was made, as constructs expose it."""
    return cast("logs.ILogGroup", group)


def as_project(project: codebuild.Project) -> codebuild.IProject:
    """The project that was made, as tasks take it."""
    return cast("codebuild.IProject", project)


def as_topic(topic: sns.ITopic | sns.Topic) -> sns.ITopic:
    """A topic as tasks take it, also one that was made here."""
    return cast("sns.ITopic", topic)


def alarm_action(topic: sns.ITopic | sns.Topic) -> cloudwatch.IAlarmAction:
    """A message to a topic."""
    return cast("cloudwatch.IAlarmAction", cloudwatch_actions.SnsAction(cast("sns.ITopic", topic)))


def as_queue(queue: sqs.Queue) -> sqs.IQueue:
    """The queue that was made, as constructs take it."""
    return cast("sqs.IQueue", queue)


def as_schedule_group(group: scheduler.ScheduleGroup) -> scheduler.IScheduleGroup:
    """The group that was made, as schedules take it."""
    return cast("scheduler.IScheduleGroup", group)


def as_target(target: targets.StepFunctionsStartExecution) -> scheduler.IScheduleTarget:
    """The target, as schedules take it."""
    return cast("scheduler.IScheduleTarget", target)


def scope_of(grantee: iam.IGrantable, *, default: Construct) -> Construct:
    """The role or user itself where it was made in this app, ``default`` where it is a reference.

    What a grant makes lies beside the grantee, as CDK's own grants do: a stack of readers
    then depends on the stack of the catalog, never the other way round.
    """
    principal = grantee.grant_principal
    return principal if isinstance(principal, Construct) else default
