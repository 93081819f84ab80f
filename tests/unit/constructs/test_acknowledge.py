import pytest

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
        ({"Fn::Join": ["", [{"Fn::ImportValue": "Lake"}, "/*"]]}, "Lake/*"),
        ({"Fn::Select": [0, ["a"]]}, '{"Fn::Select":[0,["a"]]}'),
    ],
)
def test_a_resource_is_named_as_the_report_names_it(value: object, text: str) -> None:
    assert _as_reported(value) == text
