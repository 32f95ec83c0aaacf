"""The API that the conformance cases are played against."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.small_api import SmallApi, echo_api


@pytest.fixture(scope="session")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallApi]:
    """Answers every message with `>` and the message."""
    folder: Path = tmp_path_factory.mktemp("echo")
    with echo_api(folder) as api:
        yield api
