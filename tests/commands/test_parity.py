"""`harness parity`, as a user calls it."""

import json
import socket
from collections.abc import Iterator

import pytest

from harness.cli import main
from harness.errors import ExitCode
from tests.contract.wrong_peer import Changes, wrong_peer
from tests.small_api import an_emulator


@pytest.fixture(autouse=True)
def no_backend_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HARNESS_BACKEND", "AWS_ENDPOINT_URL", "LOCALSTACK_HOST", "EDGE_PORT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def emulator() -> Iterator[str]:
    """The URL of an emulator that somebody else started."""
    with an_emulator() as (backend, _):
        yield backend.endpoint


def test_the_embedded_emulator_does_as_aws(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["parity", "--json", "GSI", "M-10"]) == ExitCode.PASS

    told = json.loads(capsys.readouterr().out)
    assert (told["as_aws"], [one["name"] for one in told["backends"]]) == (True, ["embedded"])
    assert {one["area"] for one in told["claims"]} == {"GSI", "@connections"}
    assert {one["shown"]["embedded"]["mark"] for one in told["claims"]} == {"as AWS"}


def test_a_peer_that_differs_is_shown_beside_one_that_does_not(
    emulator: str, capsys: pytest.CaptureFixture[str]
) -> None:
    changes = Changes({}, {b"x-amzn-ErrorType": b"x-amzn-ErrorTipe"})
    with wrong_peer(emulator, changes) as peer:
        asked = ["--endpoint-url", f"right={emulator}", "--endpoint-url", f"wrong={peer.endpoint}"]
        assert main(["parity", *asked, "M-7", "R-5"]) == ExitCode.FAIL

    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    claim = "410: a well-formed id that nobody ever had is 410 GoneException, whatever is asked M-7"
    assert lines[0] == f"right: ✔ as AWS {claim}"
    assert lines[1].startswith("wrong: ✘ differs: post_to_connection.code: 410, not GoneException; ")
    assert lines[1].endswith(claim)
    assert "right: 2 of 2 claims as AWS" in lines
    assert "wrong: 1 of 2 claims as AWS, 1 differ" in lines


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--backend", "azure"], "there is no backend 'azure'"),
        (["--backend", "aws"], "none is deployed to AWS"),
        (["--backend", "endpoint"], "--backend endpoint needs a URL"),
        (["--endpoint-url", "ministack"], "'ministack' is not the URL of an endpoint"),
        (["--endpoint-url", "x=ftp://127.0.0.1"], "'ftp://127.0.0.1' is not the URL of an endpoint"),
        (["--backend", "embedded", "--backend", "embedded"], "embedded is named twice"),
        (
            ["nonsense"],
            "no claim has 'nonsense' in it; the areas are control plane, handshake, events, routing",
        ),
    ],
)
def test_a_mistake_is_told_before_anything_starts(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["parity", *arguments]) == ExitCode.USAGE
    assert said in capsys.readouterr().err


def test_an_endpoint_where_nobody_listens_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        assert main(["parity", "--endpoint-url", url]) == ExitCode.BROKEN

    assert url in capsys.readouterr().err
