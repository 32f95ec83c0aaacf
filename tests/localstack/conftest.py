"""The same tests with a real LocalStack in the place of the second emulator: `make test-localstack`.

$HARNESS_LOCALSTACK names one that runs already; else one is installed and started without Docker.
"""

import os
import sys
from collections.abc import Iterator

import pytest

from localstack_host.host import running
from localstack_host.installation import CannotInstall, Installation, cache_folder, installed
from tests.hybrid.conftest import hybrid, runner

__all__ = ["hybrid", "runner"]


@pytest.fixture(scope="session")
def installation() -> Installation:
    """LocalStack on disk."""
    try:
        return installed(cache_folder(), lambda text: print(text, file=sys.stderr))
    except CannotInstall as error:
        pytest.skip(f"no LocalStack here: {error}")


@pytest.fixture(scope="session")
def elsewhere(request: pytest.FixtureRequest) -> Iterator[str]:
    """LocalStack's endpoint."""
    if endpoint := os.environ.get("HARNESS_LOCALSTACK"):
        yield endpoint.rstrip("/")
        return
    with running(request.getfixturevalue("installation")) as localstack:
        yield localstack.endpoint
