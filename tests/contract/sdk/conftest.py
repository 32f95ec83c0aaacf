"""The SDKs, each test once for each of them, and an API whose clients they manage."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.contract.sdk.sdks import Boto3, Sdk, javascript_sdk, why_not
from tests.small_api import SmallApi, echo_api


@pytest.fixture(scope="session", params=["boto3", "v2", "v3"])
def sdk(request: pytest.FixtureRequest) -> Iterator[Sdk]:
    """boto3, and AWS SDK for JavaScript v2 and v3."""
    with ExitStack() as stack:
        if request.param == "boto3":
            yield Boto3()
            return
        if (reason := why_not()) is not None:
            pytest.skip(reason)
        yield stack.enter_context(javascript_sdk(request.param))


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallApi]:
    """An API that answers messages with `>` and the message."""
    folder: Path = tmp_path_factory.mktemp("api")
    with echo_api(folder) as api:
        yield api
