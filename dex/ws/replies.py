"""Replies to clients whose messages are refused."""

import json
import logging
from dataclasses import dataclass

from dex.ws import environment
from dex.ws.lambda_events import RequestContext
from dex.ws.management_api import management_api

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Refusal:
    """`code` is stable, for programs; `message` is for people."""

    code: str
    message: str


BAD_JSON = Refusal("BAD_JSON", "A message must be a JSON object.")
BAD_CHANNEL = Refusal("BAD_CHANNEL", "A channel is market.<symbol>, trader.<uuid> or admin.<symbol>.")
CHANNEL_FORBIDDEN = Refusal("CHANNEL_FORBIDDEN", "This connection may not read that channel.")
NOT_CONNECTED = Refusal("NOT_CONNECTED", "This connection is no longer registered; connect again.")
UNKNOWN_ACTION = Refusal(
    "UNKNOWN_ACTION", 'The action is unknown; send {"action":"subscribe","channel":...}.'
)


def error_message(refusal: Refusal, request_id: str) -> str:
    """The message's text; `requestId` is that of the refused one, as in API Gateway's own error messages (R-12)."""
    told = {
        "type": "error",
        "code": refusal.code,
        "message": refusal.message,
        "requestId": request_id,
    }
    return json.dumps(told, separators=(",", ":"))


def refuse(caller: RequestContext, refusal: Refusal) -> None:
    """Posts the error message to the caller; a caller who has left meanwhile is not told."""
    api = management_api(environment.management_endpoint_for(caller))
    message = error_message(refusal, caller["requestId"])
    report = api.post_to_connections([caller["connectionId"]], message.encode(), within=5.0)
    for line in report.failures():
        _log.error("%s was not told %s: %s", caller["connectionId"], refusal.code, line)
