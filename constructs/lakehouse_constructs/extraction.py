"""A Glue job of one's own as the first step of a pipeline, in place of the Salesforce extractor."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_glue as glue
from aws_cdk.interfaces import aws_glue as glue_interfaces

from lakehouse_constructs._checks import check_duration
from lakehouse_constructs._errors import SynthesisError
from lakehouse_constructs._kinds import check_fields
from lakehouse_jobs.contract.objects import Group, ObjectsConfig

_GROUP: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_OBJECT: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_LONGEST: Final = 10_080  # minutes; Glue's


@dataclass(frozen=True, kw_only=True)
class JobGroup:
    """What one run of the job brings.

    :ivar name: of the group: a-z, 0-9 and _, at most 40 characters, a letter first. The
        execution's input chooses by it.
    :ivar objects: what the run brings, by the names of the tables in the dbt project's
        sources (case does not matter). Where the run fails, dbt leaves out what is made
        from these tables. Default: one object with the group's name.
    """

    name: str
    objects: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises SynthesisError for a name that cannot be used."""
        check_fields(self, f"JobGroup {self.name}")
        if not _GROUP.fullmatch(self.name):
            raise SynthesisError(
                f"JobGroup: name: got {self.name!r}; allowed: a-z, 0-9 and _, at most 40 "
                "characters, a letter first"
            )
        for name in self.objects:
            if not _OBJECT.fullmatch(name):
                raise SynthesisError(
                    f"JobGroup {self.name}: objects: got {name!r}; allowed: names of tables: "
                    "letters, digits and _, a letter first"
                )


@dataclass(frozen=True, kw_only=True)
class GlueJobExtraction:
    """A Glue job that exists already, made by whoever uses it, as a pipeline's extraction.

    The pipeline starts one run for each group and waits for its end. It asks this of the
    job, and nothing else:

    - **It gets** the arguments ``--execution_name``, ``--group``, ``--objects`` (names
      separated by commas, or ``*`` for all of the group), ``--read_mode`` (the input's
      mode), ``--since`` and ``--until`` (``-`` where unset). It may ignore them; a script
      that parses its arguments strictly has to let them pass, as it has to with Glue's own.
    - **It ends** SUCCEEDED or FAILED. Success means that every object asked for landed, and
      dbt builds. Failure means that none did: dbt leaves out what is made from them.
    - **It may say more**, where ``writes_outcome`` is set: each run, failed ones included,
      then writes the JSON object ``runs/<execution name>/_<group>.json`` to the lake bucket,
      with the lists ``landed``, ``unchanged``, ``skipped`` and ``unbuilt`` of object names and
      ``failed`` of ``{"object": …, "message": …}``, each of them optional. Where nothing landed
      and nothing is unbuilt, dbt is not started; one failed object does not hold up the others.

    Worker type and number of workers are the job's own. It makes no resource and costs
    nothing; what a run costs is the job's affair.

    :ivar job: the job: ``aws_glue.CfnJob``, or any of CDK's job constructs.
    :ivar groups: one run each. Default: one group ``all`` with the one object ``all``.
    :ivar timeout: of one run, whole minutes, from 1 minute to 7 days; Glue ends a run that
        takes longer. Default: 60 minutes.
    :ivar writes_outcome: whether the runs write what became of each object; a run that
        leaves no such file has failed. Default: no.
    """

    job: glue.CfnJob | glue.IJob | glue_interfaces.IJobRef
    groups: Sequence[JobGroup] = (JobGroup(name="all"),)
    timeout: Duration = field(default_factory=lambda: Duration.minutes(60))
    writes_outcome: bool = False

    def __post_init__(self) -> None:
        """Raises SynthesisError for groups or a time-out that cannot be used."""
        check_fields(self, "GlueJobExtraction")
        names = [group.name for group in self.groups]
        if not names:
            raise SynthesisError("GlueJobExtraction: groups: got none; allowed: one or more")
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise SynthesisError(
                f"GlueJobExtraction: groups: got {repeated[0]!r} twice; allowed: each name once"
            )
        check_duration(
            "GlueJobExtraction", "timeout", self.timeout, unit="minutes", low=1, high=_LONGEST
        )

    @property
    def objects(self) -> ObjectsConfig:
        """Groups and objects as an execution is planned from them."""
        return ObjectsConfig(
            groups=tuple(
                Group(
                    name=group.name,
                    include=group.objects or (group.name,),
                    timeout_minutes=int(self.timeout.to_minutes()),
                )
                for group in self.groups
            )
        )
