from lakehouse_jobs.contract.arguments import Argument

# Glue sets these itself and forbids them to others
# (docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html).
GLUES_OWN = {"--conf", "--debug", "--mode", "--JOB_NAME", "--endpoint"}


def test_no_argument_takes_a_name_that_glue_keeps_for_itself() -> None:
    assert not {argument.flag for argument in Argument} & GLUES_OWN


def test_glues_parser_can_read_every_name() -> None:
    assert all("-" not in argument.value for argument in Argument)
