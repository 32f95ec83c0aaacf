"""Variables of functions: all environment variables that a process of a function starts with, and what they hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from harness.emulator.lambda_runtime.function import FunctionConfiguration, runtime_family


@dataclass(frozen=True, slots=True)
class Credentials:
    """The temporary credentials of one execution environment."""

    access_key_id: str
    secret_access_key: str
    session_token: str


@dataclass(frozen=True, slots=True)
class Certificates:
    """Files in PEM: `authority`, the certificate that signs AWS's names here; `bundle`, it and all public ones."""

    authority: str
    bundle: str


def environment_variables(
    function: FunctionConfiguration,
    *,
    region: str,
    endpoint: str,
    runtime_api: str,
    credentials: Credentials,
    log_stream: str,
    runtime_dir: str,
    temporary_folder: str,
    path: str,
    certificates: Certificates | None = None,
    node_packages: str = "",
    bootstrap: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Every variable that a process of the function starts with (section 3.1), the function's own on top.

    `endpoint` is where the AWS SDKs are sent, and AWS's names too; the AWS files point at nothing, the instance
    metadata is off and no proxy is asked for AWS, so that no code under test finds a way to the real AWS.
    `node_packages` is the folder of what Lambda has installed for Node, which is searched after a function's own.
    `bootstrap` is what our own bootstrap of the runtime has to know.
    """
    return {
        **_lambda_variables(function, log_stream, runtime_api, runtime_dir),
        **_sdk_variables(region, endpoint, credentials, temporary_folder),
        **_process_variables(function, temporary_folder, path),
        **_trust_variables(certificates),
        **_node_variables(function, node_packages),
        **function.environment,
        **_proxy_variables(function.environment),
        "FANOUT_HARNESS_AWS": urlsplit(endpoint).netloc,
        **(bootstrap or {}),
    }


def _lambda_variables(
    function: FunctionConfiguration, log_stream: str, runtime_api: str, runtime_dir: str
) -> dict[str, str]:
    return {
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "_HANDLER": function.handler,
        "LAMBDA_TASK_ROOT": function.code.folder,
        "LAMBDA_RUNTIME_DIR": runtime_dir,
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        # On Lambda this is a link-local daemon; traces must not leave the machine here.
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
        "_AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1",
        "_AWS_XRAY_DAEMON_PORT": "2000",
    }


def _sdk_variables(
    region: str, endpoint: str, credentials: Credentials, temporary_folder: str
) -> dict[str, str]:
    return {
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_SESSION_TOKEN": credentials.session_token,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": f"{temporary_folder}/no-aws-config",
        "AWS_SHARED_CREDENTIALS_FILE": f"{temporary_folder}/no-aws-credentials",
    }


def _process_variables(function: FunctionConfiguration, temporary_folder: str, path: str) -> dict[str, str]:
    variables = {
        "PATH": path,
        "PWD": function.code.folder,
        "SHLVL": "0",
        "TZ": ":UTC",
        "LANG": "en_US.UTF-8",
        "LC_CTYPE": "C.UTF-8",
        "HOME": temporary_folder,
        "TMPDIR": temporary_folder,
    }
    if function.code.hot_reload:
        # Lambda's /var/task is read-only; a developer's folder should look so too.
        variables["PYTHONDONTWRITEBYTECODE"] = "1"
    return variables


def _node_variables(function: FunctionConfiguration, node_packages: str) -> dict[str, str]:
    if runtime_family(function.runtime) != "nodejs":
        return {}
    return {"NODE_PATH": f"{node_packages}:{function.code.folder}"}


def _trust_variables(certificates: Certificates | None) -> dict[str, str]:
    """What makes programs trust the emulator's certificates; the variable of Node adds, the others replace."""
    if certificates is None:
        return {}
    replacing = ("AWS_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
    return dict.fromkeys(replacing, certificates.bundle) | {"NODE_EXTRA_CA_CERTS": certificates.authority}


_NOT_PROXIED = (
    ".amazonaws.com,.amazonaws.com.cn,.amazonaws.eu,.api.aws,.on.aws,"
    "169.254.169.254,169.254.170.2,localhost,127.0.0.1"
)


def _proxy_variables(own: Mapping[str, str]) -> dict[str, str]:
    """A proxy that the function uses is not used for AWS: it would look for the real one."""
    exempt = own.get("no_proxy") or own.get("NO_PROXY")
    if exempt != "*":
        exempt = f"{exempt},{_NOT_PROXIED}" if exempt else _NOT_PROXIED
    return {"no_proxy": exempt, "NO_PROXY": exempt}
