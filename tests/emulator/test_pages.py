"""The emulator's own pages refuse what they cannot understand."""

from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from tests.patience import WAIT
from tests.small_api import an_emulator


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with an_emulator() as (backend, _):
        yield backend.endpoint


ASKED = {
    "health": ("GET", "health", None, 200),
    "observations": ("GET", "observations?since=0", None, 200),
    "no number": ("GET", "observations?since=x", None, 400),
    "a negative number": ("GET", "observations?since=-1", None, 400),
    "a wait that never ends": ("GET", "quiet?timeout=inf", None, 400),
    "no JSON": ("PUT", "gateway", b"{", 400),
    "no object": ("POST", "prewarm", b"[]", 400),
    "no function's name": ("POST", "prewarm", b"{}", 400),
    "no such function": ("POST", "prewarm", b'{"function":"nobody"}', 404),
    "an unknown setting": ("PUT", "gateway", b'{"disconnect_events":"perhaps"}', 400),
    "SNS at its worst": ("PUT", "sns", b'{"seed":1,"topics":{"*":{"duplicates":1,"delay":[0,1]}}}', 200),
    "an unknown behaviour of SNS": ("PUT", "sns", b'{"topics":{"*":{"losses":1}}}', 400),
    "another method": ("DELETE", "health", None, 405),
    "no such page": ("GET", "nowhere", None, 404),
    "a function's log": ("GET", "logs?function=nobody", None, 200),
}


@pytest.mark.parametrize(("method", "page", "body", "status"), ASKED.values(), ids=ASKED)
def test_pages_answer_or_say_what_is_wrong(
    endpoint: str, method: str, page: str, body: bytes | None, status: int
) -> None:
    http = HTTPConnection(urlsplit(endpoint).netloc, timeout=WAIT)
    http.request(method, f"/_harness/{page}", body)
    answered = http.getresponse().status
    http.close()

    assert answered == status
