import pytest

from harness.emulator.lambda_runtime.permissions import policy, statement

REQUEST = {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "sns.amazonaws.com"}


def test_a_service_may_invoke_on_behalf_of_a_source() -> None:
    request = {**REQUEST, "SourceArn": "arn:topic", "SourceAccount": "000000000000"}
    assert statement(request, "arn:f") == {
        "Sid": "s",
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": "arn:f",
        "Condition": {
            "StringEquals": {"AWS:SourceAccount": "000000000000"},
            "ArnLike": {"AWS:SourceArn": "arn:topic"},
        },
    }


@pytest.mark.parametrize(
    ("principal", "shown"),
    [
        ("*", "*"),
        ("000000000000", {"AWS": "arn:aws:iam::000000000000:root"}),
        ("arn:aws:iam::000000000000:user/x", {"AWS": "arn:aws:iam::000000000000:user/x"}),
    ],
)
def test_a_principal_is_shown_by_its_kind(principal: str, shown: object) -> None:
    assert statement({**REQUEST, "Principal": principal}, "arn:f")["Principal"] == shown


def test_a_policy_has_its_statements_in_the_order_of_adding() -> None:
    assert policy({"b": {"Sid": "b"}, "a": {"Sid": "a"}}) == {
        "Version": "2012-10-17",
        "Id": "default",
        "Statement": [{"Sid": "b"}, {"Sid": "a"}],
    }
