"""What the SDKs make of answers: why the gateway's answers carry `x-amzn-ErrorType`, and who retries what."""

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.contract.sdk.canned import answering
from tests.contract.sdk.sdks import Failed, Sdk, Succeeded

CONNECTION = "L0SM9cOFvHcCIhw="
POST = {"ConnectionId": CONNECTION, "Data": "x"}
GONE = {"x-amzn-ErrorType": "GoneException"}


@pytest.mark.aws("M-14", "I-4")
def test_sdk_escapes_the_id_and_not_the_at_sign(sdk: Sdk) -> None:
    with answering(200, {}) as canned:
        assert sdk.call(canned.endpoint, "PostToConnection", POST) == Succeeded({})

    assert canned.targets == ["/dev/@connections/L0SM9cOFvHcCIhw%3D"]


@pytest.mark.aws("K-2")
def test_gone_without_its_type_is_nobodys_gone_exception(sdk: Sdk) -> None:
    with answering(410, {}) as canned:
        failed = sdk.call(canned.endpoint, "PostToConnection", POST)

    assert isinstance(failed, Failed)
    assert failed.status == 410
    assert failed.code == {"boto3": "410", "v2": "UnknownError", "v3": "Unknown"}[sdk.name]


@pytest.mark.aws("K-3")
def test_what_follows_a_colon_in_the_type_is_dropped(sdk: Sdk) -> None:
    typed = {"x-amzn-ErrorType": "GoneException:http://internal.amazon.com/coral/com.amazon.coral.service/"}
    with answering(410, typed) as canned:
        failed = sdk.call(canned.endpoint, "PostToConnection", POST)

    assert isinstance(failed, Failed)
    assert failed.code == "GoneException"


@pytest.mark.aws("K-8")
@pytest.mark.parametrize(
    ("headers", "body", "codes"),
    [
        pytest.param(
            GONE, b'{"code":"A","__type":"B"}', ("GoneException", "B", "GoneException"), id="all three"
        ),
        pytest.param({}, b'{"code":"A","__type":"B"}', ("A", "B", "A"), id="both of the body"),
        pytest.param({}, b'{"code":"A"}', ("A", "A", "A"), id="code alone"),
        pytest.param({}, b'{"__type":"B"}', ("B", "B", "B"), id="__type alone"),
    ],
)
def test_each_sdk_takes_the_code_from_another_place_first(
    sdk: Sdk, headers: dict[str, str], body: bytes, codes: tuple[str, str, str]
) -> None:
    """boto3 and v3 look into the header, then at `code`, then at `__type`; v2 prefers the body, `__type` first."""
    with answering(410, headers, body) as canned:
        failed = sdk.call(canned.endpoint, "PostToConnection", POST)

    assert isinstance(failed, Failed)
    assert failed.code == dict(zip(("boto3", "v2", "v3"), codes, strict=True))[sdk.name]


@pytest.mark.aws("K-5")
@pytest.mark.parametrize(
    ("status", "error_type", "attempts"),
    [
        pytest.param(410, "GoneException", 1, id="gone is final"),
        pytest.param(429, "LimitExceededException", 5, id="a limit is tried again"),
        pytest.param(500, "InternalServerErrorException", 5, id="a server error is tried again"),
    ],
)
def test_boto3_tries_five_times_by_default_but_never_what_is_gone(
    monkeypatch: pytest.MonkeyPatch, status: int, error_type: str, attempts: int
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # between the attempts
    with answering(status, {"x-amzn-ErrorType": error_type}) as canned:
        session = boto3.Session(aws_access_key_id="k", aws_secret_access_key="s", region_name="us-east-1")
        client = session.client(
            "apigatewaymanagementapi",
            endpoint_url=canned.endpoint,
            config=Config(retries={"mode": "legacy"}),
        )
        with pytest.raises(ClientError):
            client.post_to_connection(ConnectionId=CONNECTION, Data=b"x")
        client.close()

    assert len(canned.targets) == attempts


@pytest.mark.aws("K-4")
def test_boto3_has_classes_for_four_errors_and_none_for_a_bad_request() -> None:
    session = boto3.Session(aws_access_key_id="k", aws_secret_access_key="s", region_name="us-east-1")
    client = session.client("apigatewaymanagementapi", endpoint_url="http://127.0.0.1:9")
    classes = {name for name in dir(client.exceptions) if name.endswith("Exception")}
    client.close()

    assert classes == {
        "ForbiddenException",
        "GoneException",
        "LimitExceededException",
        "PayloadTooLargeException",
    }
