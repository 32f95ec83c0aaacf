"""An authorizer that a stack names guards `$connect` of the deployed API."""

from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from harness.stack.model import Authorizer, Route
from tests.patience import WAIT
from tests.small_api import ECHO, small_api

GUARD = """
def handler(event, context):
    effect = "Allow" if event["queryStringParameters"]["token"] == "right" else "Deny"
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}
    return {"principalId": "ann", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
"""


@pytest.mark.aws("A-1", "A-2")
def test_who_is_let_in_is_what_the_authorizer_says(tmp_path: Path) -> None:
    authorizer = Authorizer(function="guard", identity_sources=("route.request.querystring.token",))
    routes = {"$connect": Route(function="echo", authorizer=authorizer)}

    with small_api(tmp_path, routes, {"echo": ECHO, "guard": GUARD}) as api:
        answers = [status_of(f"{api.url}{query}") for query in ("?token=right", "?token=wrong", "")]

    assert answers == [101, 403, 401]


def status_of(url: str) -> int:
    try:
        with connect(url, open_timeout=WAIT, close_timeout=WAIT, proxy=None) as websocket:
            assert websocket.response is not None
            return int(websocket.response.status_code)
    except InvalidStatus as refused:
        return int(refused.response.status_code)
