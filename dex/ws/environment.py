"""Environment of the function: its table, its endpoint, its region, its credentials.

Variables: `TABLE_NAME`, `INDEX_NAME` (default ByChannel), `CONNECTION_LOOKUP` (query or scan), `WS_API_ENDPOINT`
(the management endpoint, with the stage), `POST_CONNECTIONS` (default 16), and those that Lambda and the AWS SDK
define. A variable that is missing or wrong raises `EnvironmentVariableError` with what to set.
"""

import os
from functools import cache
from typing import Literal

from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import NoCredentialsError
from botocore.session import Session

from dex.ws.lambda_events import RequestContext

Lookup = Literal["query", "scan"]


class EnvironmentVariableError(Exception):
    """The function is deployed wrongly; the message names the variable and what it must hold."""


def table_name() -> str:
    """The connections table."""
    return _required("TABLE_NAME", "the name of the connections table")


def index_name() -> str:
    """The table's index by channel."""
    return os.environ.get("INDEX_NAME") or "ByChannel"


def connection_lookup() -> Lookup:
    """How subscribers are found: by a Query on the index, or by a Scan of the whole table."""
    match os.environ.get("CONNECTION_LOOKUP") or "query":
        case ("query" | "scan") as lookup:
            return lookup
        case other:
            raise EnvironmentVariableError(f"CONNECTION_LOOKUP is {other!r}; set it to query or scan")


def region() -> str:
    """The function's own region, which is the API's too."""
    return os.environ.get("AWS_REGION") or _required("AWS_DEFAULT_REGION", "the region, such as us-east-1")


def post_connections() -> int:
    """How many connections carry posts, and so how many posts are in flight."""
    text = os.environ.get("POST_CONNECTIONS") or "16"
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise EnvironmentVariableError(f"POST_CONNECTIONS is {text!r}; set it to a whole number above 0")
    return int(text)


def management_endpoint() -> str:
    """The URL under which `/@connections` is found, for a function that nobody's message started."""
    return _required("WS_API_ENDPOINT", "https://{api}.execute-api.{region}.amazonaws.com/{stage}")


def management_endpoint_for(caller: RequestContext) -> str:
    """The same for a function that a message started; without the variable, where that message came from.

    Behind a custom domain the variable is needed, because `domainName` is then the custom one (U-8).
    """
    return os.environ.get("WS_API_ENDPOINT") or f"https://{caller['domainName']}/{caller['stage']}"


def trace_id() -> str:
    """The trace that the current invocation belongs to; "" outside Lambda."""
    return os.environ.get("_X_AMZN_TRACE_ID", "")


@cache
def aws_session() -> Session:
    """The one SDK session of this process. botocore's alone: importing boto3 would lengthen every cold start."""
    return Session()


def credentials() -> ReadOnlyCredentials:
    """The credentials as they are now; they are short-lived, so ask again for every invocation."""
    found = aws_session().get_credentials()
    if found is None:
        raise NoCredentialsError
    return found.get_frozen_credentials()


def _required(name: str, what: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise EnvironmentVariableError(f"{name} is not set; set it to {what}")
    return value
