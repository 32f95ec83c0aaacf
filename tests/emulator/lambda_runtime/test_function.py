import pytest

from harness.emulator.lambda_runtime.function import (
    Certificates,
    CodeLocation,
    Credentials,
    FunctionConfiguration,
    FunctionReference,
    environment_variables,
    log_stream_name,
    parse_reference,
    runtime_family,
    split_python_handler,
)

ARN = "arn:aws:lambda:eu-west-1:000000000000:function:fan-out"
NOT_PROXIED = (
    ".amazonaws.com,.amazonaws.com.cn,.amazonaws.eu,.api.aws,.on.aws,"
    "169.254.169.254,169.254.170.2,localhost,127.0.0.1"
)


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


def variables_of(
    function: FunctionConfiguration, *, certificates: Certificates | None = None
) -> dict[str, str]:
    """What a process of the function is given by an emulator in eu-west-1."""
    return environment_variables(
        function,
        region="eu-west-1",
        endpoint="http://127.0.0.1:4566",
        runtime_api="127.0.0.1:9001",
        credentials=Credentials("ASIAAAAAAAAAAAAAAAAA", "secret", "token"),
        log_stream="2023/11/14/[$LATEST]ab",
        runtime_dir="/runtime",
        temporary_folder="/tmp/1",
        path="/bin",
        certificates=certificates,
    )


def test_a_process_sees_the_variables_of_lambda_and_on_top_its_functions_own() -> None:
    function = FunctionConfiguration(
        "fan-out",
        ARN,
        "python3.13",
        "app.handler",
        CodeLocation("/code", "", 0, hot_reload=True),
        memory_size=1024,
        environment={"TABLE": "WSConnections", "TZ": "Europe/Rome", "NO_PROXY": "db.example"},
    )
    variables = variables_of(function, certificates=Certificates("/ca.pem", "/ca-bundle.pem"))
    assert variables == {
        "AWS_LAMBDA_FUNCTION_NAME": "fan-out",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/fan-out",
        "AWS_LAMBDA_LOG_STREAM_NAME": "2023/11/14/[$LATEST]ab",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "_HANDLER": "app.handler",
        "LAMBDA_TASK_ROOT": "/code",
        "LAMBDA_RUNTIME_DIR": "/runtime",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
        "_AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1",
        "_AWS_XRAY_DAEMON_PORT": "2000",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "ASIAAAAAAAAAAAAAAAAA",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_SESSION_TOKEN": "token",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/tmp/1/no-aws-config",
        "AWS_SHARED_CREDENTIALS_FILE": "/tmp/1/no-aws-credentials",
        "PATH": "/bin",
        "PWD": "/code",
        "SHLVL": "0",
        "TZ": "Europe/Rome",
        "LANG": "en_US.UTF-8",
        "LC_CTYPE": "C.UTF-8",
        "HOME": "/tmp/1",
        "TMPDIR": "/tmp/1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_CA_BUNDLE": "/ca-bundle.pem",
        "SSL_CERT_FILE": "/ca-bundle.pem",
        "REQUESTS_CA_BUNDLE": "/ca-bundle.pem",
        "NODE_EXTRA_CA_CERTS": "/ca.pem",
        "no_proxy": f"db.example,{NOT_PROXIED}",
        "NO_PROXY": f"db.example,{NOT_PROXIED}",
        "FANOUT_HARNESS_AWS": "127.0.0.1:4566",
        "TABLE": "WSConnections",
    }


@pytest.mark.parametrize(
    ("own", "exempt"),
    [
        pytest.param({}, NOT_PROXIED, id="nothing of its own"),
        pytest.param({"NO_PROXY": "a"}, f"a,{NOT_PROXIED}", id="upper case"),
        pytest.param({"NO_PROXY": "a", "no_proxy": "b"}, f"b,{NOT_PROXIED}", id="lower case goes first"),
        pytest.param({"NO_PROXY": "*"}, "*", id="everything"),
    ],
)
def test_no_proxy_is_used_for_aws(own: dict[str, str], exempt: str) -> None:
    function = FunctionConfiguration(
        "f", ARN, "python3.13", "app.handler", CodeLocation("/code", "", 0), environment=own
    )
    variables = variables_of(function)
    assert {name: variables[name] for name in ("no_proxy", "NO_PROXY")} == {
        "no_proxy": exempt,
        "NO_PROXY": exempt,
    }
