import pytest
from aws_cdk import Duration
from aws_cdk import aws_glue as glue

from lakehouse_constructs import GlueJobExtraction, JobGroup, SynthesisError


@pytest.fixture
def job(stack) -> glue.CfnJob:
    command = glue.CfnJob.JobCommandProperty(name="glueetl", script_location="s3://theirs/job.py")
    return glue.CfnJob(stack, "Theirs", command=command, role="theirs")


class TestDefaults:
    def test_one_group_with_one_object_for_an_hour(self, job) -> None:
        (group,) = GlueJobExtraction(job=job).objects.groups

        assert (group.name, group.include, group.timeout_minutes) == ("all", ("all",), 60)

    def test_a_success_is_all_that_is_asked_of_a_run(self, job) -> None:
        assert GlueJobExtraction(job=job).writes_outcome is False


class TestCustom:
    def test_groups_name_the_tables_they_bring(self, job) -> None:
        extraction = GlueJobExtraction(
            job=job,
            groups=[JobGroup(name="erp", objects=("Orders", "order_lines")), JobGroup(name="web")],
            timeout=Duration.hours(2),
        )

        erp, web = extraction.objects.groups
        assert (erp.include, web.include) == (("Orders", "order_lines"), ("web",))
        assert {erp.timeout_minutes, web.timeout_minutes} == {120}


@pytest.mark.parametrize(
    ("props", "told"),
    [
        ({"name": "ERP"}, r"name: got 'ERP'; allowed: a-z"),
        ({"name": "erp", "objects": ("a-b",)}, r"JobGroup erp: objects: got 'a-b'; allowed: names"),
    ],
)
def test_a_name_that_cannot_be_used_is_refused(props, told) -> None:
    with pytest.raises(SynthesisError, match=told):
        JobGroup(**props)


@pytest.mark.parametrize(
    ("props", "told"),
    [
        ({"groups": ()}, r"groups: got none"),
        ({"groups": (JobGroup(name="a"), JobGroup(name="a"))}, r"groups: got 'a' twice"),
        ({"timeout": Duration.seconds(90)}, r"timeout: got '1 minute 30 seconds'; allowed: whole"),
        ({"timeout": Duration.days(8)}, r"timeout: got '8 days'; allowed: .* to 7 days"),
    ],
)
def test_what_no_pipeline_could_run_is_refused(job, props, told) -> None:
    with pytest.raises(SynthesisError, match=told):
        GlueJobExtraction(job=job, **props)
