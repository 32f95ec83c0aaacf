"""Long polls of SQS, in values: how long one wants to wait, and the request that does not wait at all.

moto waits in its only thread, where nobody else is served meanwhile; so it is only ever asked not to wait, and the
waiting is done outside.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode

import orjson

from harness.emulator.aws_api.requests import is_query
from harness.emulator.port.http import Request, Response

LONGEST_WAIT = 20.0
"""Seconds that WaitTimeSeconds may be."""


@dataclass(frozen=True, slots=True)
class Poll:
    """A ReceiveMessage that may wait `wait` seconds, by asking `once` again and again."""

    once: Request
    wait: float


def read_poll(request: Request) -> Poll:
    """A ReceiveMessage taken apart; one that asks for no wait of its own does not wait."""
    if is_query(request):
        form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        body = urlencode(form | {"WaitTimeSeconds": "0"}).encode()
        return Poll(replace(request, body=body), _wait(form))
    try:
        asked = orjson.loads(request.body or b"{}")
    except orjson.JSONDecodeError:
        return Poll(request, 0.0)  # moto says what is wrong with it
    if not isinstance(asked, dict):
        return Poll(request, 0.0)
    return Poll(replace(request, body=orjson.dumps(asked | {"WaitTimeSeconds": 0})), _wait(asked))


def is_empty(response: Response) -> bool:
    """Whether a ReceiveMessage succeeded and received nothing."""
    return response.status == 200 and b'"Messages"' not in response.body and b"<Message>" not in response.body


def _wait(asked: Mapping[str, object]) -> float:
    try:
        return min(max(float(str(asked.get("WaitTimeSeconds", 0))), 0.0), LONGEST_WAIT)
    except ValueError:
        return 0.0
