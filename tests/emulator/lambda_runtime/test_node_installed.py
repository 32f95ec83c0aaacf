"""Which Node there is, told by programs of that name on a PATH of our own."""

from pathlib import Path

import pytest

from harness.emulator.lambda_runtime.api_error import ApiError
from harness.emulator.lambda_runtime.function import CodeLocation
from harness.emulator.lambda_runtime.function_json import new_function
from harness.emulator.lambda_runtime.node import installed_packages, node_problem


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on the PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def a_node(folder: Path, version: str) -> Path:
    node = folder / "node"
    node.write_text(f"#!/bin/sh\necho '{version}'\n")
    node.chmod(0o755)
    return node


@pytest.mark.parametrize("version", ["v18.0.0", "v20.20.2", "v24.1.0"])
def test_node_that_is_new_enough_is_no_problem(folder: Path, version: str) -> None:
    a_node(folder, version)
    assert node_problem() is None


def test_node_that_is_missing(folder: Path) -> None:
    assert node_problem() == "there is no node on the PATH. Install Node.js 18 or newer."


def test_node_that_is_too_old(folder: Path) -> None:
    node = a_node(folder, "v16.20.2")
    assert node_problem() == f"{node} is v16.20.2. Install Node.js 18 or newer."


def test_node_that_is_something_else(folder: Path) -> None:
    node = a_node(folder, "hello")
    assert node_problem() == f"{node} --version says 'hello'. Install Node.js 18 or newer."


def test_a_function_that_no_node_could_run_is_refused_when_it_is_created(folder: Path) -> None:
    request = {"Runtime": "nodejs22.x", "Handler": "app.handler"}
    code = CodeLocation(str(folder), "", 0)
    with pytest.raises(ApiError) as refused:
        new_function(request, name="f", arn="arn", code=code, at=0.0, revision_id="1")
    assert (refused.value.code, refused.value.message) == (
        "InvalidParameterValueException",
        "The runtime nodejs22.x cannot run here: there is no node on the PATH. Install Node.js 18 or newer.",
    )


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"FANOUT_HARNESS_NODE_MODULES": "/opt/set/node_modules"}, "/opt/set/node_modules"),
        ({"XDG_DATA_HOME": "/data"}, "/data/fanout-harness/node_modules"),
        ({"HOME": "/home/me"}, "/home/me/.local/share/fanout-harness/node_modules"),
    ],
)
def test_where_installed_packages_are(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: str
) -> None:
    for name in ("FANOUT_HARNESS_NODE_MODULES", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert installed_packages() == Path(expected)
