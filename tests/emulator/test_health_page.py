"""`GET /_harness/health` says what the emulator carries."""

from collections.abc import Iterator

import pytest
from websockets.sync.client import connect

from tests.patience import WAIT
from tests.small_api import SmallApi, echo_api


@pytest.fixture
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallApi]:
    with echo_api(tmp_path_factory.mktemp("api")) as api:
        yield api


def test_open_connections_are_counted_and_forgotten(api: SmallApi) -> None:
    before = api.page("health")
    with connect(api.url, proxy=None), connect(api.url, proxy=None):
        during = api.page("health")
    api.page(f"quiet?timeout={WAIT}", timeout=2 * WAIT)
    after = api.page("health")

    assert [health["websocket"] for health in (before, during, after)] == [0, 2, 0]
    assert [health["in_flight"] for health in (before, during, after)] == [0, 0, 0]
    assert before["status"] == "running"
