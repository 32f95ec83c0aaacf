"""Functions: how they are named, which runtimes there are, and what a handler is."""

import pytest

from harness.emulator.lambda_runtime.function import (
    FunctionReference,
    log_stream_name,
    parse_reference,
    runtime_family,
    split_python_handler,
)

ARN = "arn:aws:lambda:eu-west-1:000000000000:function:fan-out"


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        pytest.param("fan-out", FunctionReference("fan-out"), id="name"),
        pytest.param("fan-out:$LATEST", FunctionReference("fan-out", "$LATEST"), id="name and version"),
        pytest.param("fan-out:live", FunctionReference("fan-out", "live"), id="name and alias"),
        pytest.param(ARN, FunctionReference("fan-out", "", "eu-west-1", "000000000000"), id="ARN"),
        pytest.param(
            f"{ARN}:$LATEST",
            FunctionReference("fan-out", "$LATEST", "eu-west-1", "000000000000"),
            id="qualified ARN",
        ),
        pytest.param(
            "000000000000:function:fan-out",
            FunctionReference("fan-out", "", "", "000000000000"),
            id="partial ARN",
        ),
        pytest.param("arn:aws:sns:eu-west-1:000000000000:topic", None, id="another service's ARN"),
        pytest.param("fan out", None, id="a space"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_a_function_is_named_by_name_or_arn(text: str, reference: FunctionReference | None) -> None:
    assert parse_reference(text) == reference


@pytest.mark.parametrize(
    ("runtime", "family"),
    [
        ("python3.9", "python"),
        ("python3.14", "python"),
        ("nodejs22.x", "nodejs"),
        ("python2", None),
        ("go1.x", None),
    ],
)
def test_a_runtime_belongs_to_a_family(runtime: str, family: str | None) -> None:
    assert runtime_family(runtime) == family


@pytest.mark.parametrize(
    ("handler", "parts"),
    [
        pytest.param("app.handler", ("app", "handler"), id="module"),
        pytest.param(
            "dex/ws/fan_out.handler",
            ("dex.ws.fan_out", "handler"),
            id="slashes",
            marks=pytest.mark.aws("L-60"),
        ),
        pytest.param(
            "dex.ws.fan_out.handler",
            ("dex.ws.fan_out", "handler"),
            id="the last dot splits",
            marks=pytest.mark.aws("L-60"),
        ),
        pytest.param("handler", None, id="no dot"),
    ],
)
def test_a_python_handler_is_a_module_and_a_function(handler: str, parts: tuple[str, str] | None) -> None:
    assert split_python_handler(handler) == parts


def test_a_log_stream_is_named_by_day_version_and_environment() -> None:
    assert log_stream_name(1_700_000_000.0, "ab" * 16) == f"2023/11/14/[$LATEST]{'ab' * 16}"
