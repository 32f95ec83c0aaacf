"""A browser against the gateway: Chromium, without a window."""

from collections.abc import Iterator

import pytest

from tests.contract.clients.browser import Browser, chromium, why_not
from tests.contract.clients.told import Told
from tests.patience import WAIT
from tests.small_api import SmallApi

pytestmark = pytest.mark.skipif(why_not() is not None, reason=str(why_not()))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.mark.aws("T-2", "C-11")
def test_messages_go_and_come_compressed(browser: Browser, api: SmallApi, told: Told) -> None:
    messages = ["hello", '{"action":"subscribe"}', "κόσμε" * 1000]
    seen = browser.dial(url=api.url, send=messages, close=[3001, "enough"])

    assert sorted(seen.pop("received")) == sorted(">" + message for message in messages)
    assert seen == {
        "opened": True,
        "protocol": "",
        "extensions": "permessage-deflate",
        "code": 3001,
        "reason": "enough",
        "wasClean": True,
    }
    assert told.next_closing() == (3001, "enough")


@pytest.mark.aws("X-2")
def test_close_without_arguments_is_1005(browser: Browser, api: SmallApi, told: Told) -> None:
    seen = browser.dial(url=api.url)

    assert (seen["code"], seen["wasClean"]) == (1005, True)
    assert told.next_closing() == (1005, "Client-side close frame status not set")


@pytest.mark.aws("C-3", "C-6")
@pytest.mark.parametrize("status", [401, 403, 500])
def test_a_refused_handshake_never_opens_and_never_disconnects(
    browser: Browser, api: SmallApi, told: Told, status: int
) -> None:
    seen = browser.dial(url=f"{api.url}?status={status}")

    assert seen == {"opened": False, "received": [], "code": 1006, "reason": "", "wasClean": False}
    api.page(f"quiet?timeout={WAIT}", timeout=2 * WAIT)
    assert told.events.empty()


@pytest.mark.aws("C-8")
def test_the_subprotocol_that_the_function_agrees_to_is_taken(
    browser: Browser, api: SmallApi, told: Told
) -> None:
    seen = browser.dial(url=f"{api.url}?agree=feed.v2", protocols=["feed.v1", "feed.v2"])

    assert (seen["opened"], seen["protocol"]) == (True, "feed.v2")
    told.next_closing()


@pytest.mark.aws("C-8")
@pytest.mark.parametrize("query", ["", "?agree=feed.v9"], ids=["none", "another"])
def test_a_subprotocol_that_is_not_agreed_to_fails(
    browser: Browser, api: SmallApi, told: Told, query: str
) -> None:
    seen = browser.dial(url=api.url + query, protocols=["feed.v1"])

    assert (seen["opened"], seen["code"]) == (False, 1006)
    told.next_closing()


@pytest.mark.aws("Q-4", "Q-5")
@pytest.mark.parametrize(
    ("message", "code"),
    [
        pytest.param({"size": 4}, 1003, id="a binary message"),
        pytest.param("x" * 32_769, 1009, id="a message over 32 KB in one frame"),
    ],
)
def test_a_message_that_breaks_a_limit_closes_the_connection(
    browser: Browser, api: SmallApi, told: Told, message: object, code: int
) -> None:
    seen = browser.dial(url=api.url, send=[message])

    assert (seen["received"], seen["code"], seen["reason"], seen["wasClean"]) == ([], code, "", True)
    assert told.next_closing() == (code, "")
