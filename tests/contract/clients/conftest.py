"""The API that real clients connect to, and what its `$disconnect` is told."""

from collections.abc import Iterator

import pytest

from harness.stack.model import Route
from tests.contract.clients.told import TELL, Told, listening
from tests.small_api import ECHO, SmallApi, small_api


@pytest.fixture(scope="session")
def told() -> Iterator[Told]:
    """The events of `$disconnect`; every test takes those of its own connections."""
    with listening() as told:
        yield told


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory, told: Told) -> Iterator[SmallApi]:
    """Answers every message with `>` and the message; the query of a handshake says what `$connect` answers."""
    routes = {
        "$connect": Route(function="echo"),
        "$default": Route(function="echo", two_way=True),
        "$disconnect": Route(function="tell"),
    }
    folder = tmp_path_factory.mktemp("api")
    with small_api(folder, routes, {"echo": ECHO, "tell": TELL}, environment={"TELL": told.address}) as api:
        yield api
