import pytest
from aws_cdk import Stack

from lakehouse_constructs._acknowledge import _as_reported


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/*"),
        ({"Fn::GetAtt": ["Lake", "Arn"]}, "<Lake.Arn>"),
        (
            {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":s3:::b/*"]]},
            "arn:<AWS::Partition>:s3:::b/*",
        ),
    ],
)
def test_a_resource_is_named_as_the_report_names_it(value: object, text: str) -> None:
    assert _as_reported(value) == text


def test_what_cannot_be_named_is_an_error_not_a_silent_gap(stack: Stack) -> None:
    with pytest.raises(ValueError, match="Fn::Sub"):
        _as_reported({"Fn::Sub": "arn:${AWS::Partition}"})
