"""`harness install-sdk`: by a program called npm on a PATH of our own, and once by the real one."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.cli import main
from harness.emulator.lambda_runtime.node import SDK_FOLDER, package_advice
from harness.errors import ExitCode
from tests.emulator.lambda_runtime.node_function import value_of

# Notes what it was called with, and installs one package; fails where told so.
NPM = """#!/bin/sh
echo "$@" >> {calls}
{then}
mkdir -p node_modules/esbuild && cp package-lock.json node_modules/esbuild/
"""
SAME = "ci --include=optional --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error"


class Npm:
    """The npm on the PATH, and the folder that it is to fill."""

    def __init__(self, folder: Path) -> None:
        self.bin, self.node_modules = folder / "bin", folder / "data" / "node_modules"
        self._calls = folder / "calls"
        self.bin.mkdir()

    def put(self, then: str = ":") -> None:
        file = self.bin / "npm"
        file.write_text(NPM.format(calls=self._calls, then=then))
        file.chmod(0o755)

    def calls(self) -> list[str]:
        return self._calls.read_text().splitlines() if self._calls.exists() else []


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Npm:
    npm = Npm(tmp_path)
    monkeypatch.setenv("PATH", f"{npm.bin}:/bin:/usr/bin")
    monkeypatch.setenv("FANOUT_HARNESS_NODE_MODULES", str(npm.node_modules))
    npm.put()
    return npm


def test_packages_are_installed_once_from_the_shipped_lock(
    npm: Npm, capsys: pytest.CaptureFixture[str]
) -> None:
    assert [main(["install-sdk"]), main(["install-sdk"])] == [ExitCode.PASS, ExitCode.PASS]

    assert npm.calls() == [SAME]
    lock = npm.node_modules / "esbuild" / "package-lock.json"
    assert lock.read_bytes() == (SDK_FOLDER / "package-lock.json").read_bytes()
    assert [path.name for path in npm.node_modules.parent.iterdir()] == ["node_modules"]
    assert capsys.readouterr().out.splitlines() == [
        f"packages installed: {npm.node_modules}",
        f"packages were installed already: {npm.node_modules}",
    ]


def test_v2_comes_on_request_and_stays(npm: Npm) -> None:
    for arguments in (["install-sdk"], ["install-sdk", "--v2"], ["install-sdk"]):
        assert main(arguments) == ExitCode.PASS
    assert npm.calls() == [SAME, SAME.replace("--omit=dev", "--include=dev")]


def test_a_folder_of_somebody_else_is_left_alone(npm: Npm, capsys: pytest.CaptureFixture[str]) -> None:
    theirs = npm.node_modules / "theirs"
    theirs.mkdir(parents=True)
    assert main(["install-sdk"]) == ExitCode.USAGE
    assert (npm.calls(), theirs.is_dir()) == ([], True)
    assert capsys.readouterr().err == (
        f"harness: {npm.node_modules} holds packages that `harness install-sdk` did not install; they stay as they "
        "are. Set FANOUT_HARNESS_NODE_MODULES to another folder\n"
    )


def test_a_folder_that_node_would_not_search_is_refused(
    npm: Npm, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FANOUT_HARNESS_NODE_MODULES", str(tmp_path / "packages"))
    assert main(["install-sdk"]) == ExitCode.USAGE
    text = "Node finds packages only in a folder that is called node_modules"
    assert capsys.readouterr().err == f"harness: {tmp_path}/packages: {text}\n"


def test_what_npm_says_of_its_failure_is_told_and_nothing_is_left(
    npm: Npm, capsys: pytest.CaptureFixture[str]
) -> None:
    npm.put(then="echo 'no such registry' >&2; exit 1")
    assert main(["install-sdk"]) == ExitCode.BROKEN
    assert capsys.readouterr().err == "harness: npm could not install the packages:\nno such registry\n"
    assert list(npm.node_modules.parent.iterdir()) == []


def test_without_npm_it_says_so(
    npm: Npm, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert main(["install-sdk"]) == ExitCode.BROKEN
    assert capsys.readouterr().err == "harness: there is no npm on the PATH; it comes with Node.js\n"


def test_the_lock_is_of_the_package_json() -> None:
    package = json.loads((SDK_FOLDER / "package.json").read_text())
    locked = json.loads((SDK_FOLDER / "package-lock.json").read_text())["packages"]
    assert {name: locked[""][name] for name in ("dependencies", "devDependencies")} == {
        name: package[name] for name in ("dependencies", "devDependencies")
    }
    assert [name for name, entry in locked.items() if name and "integrity" not in entry] == []


@pytest.mark.parametrize(
    ("message", "advice"),
    [
        pytest.param(
            "Cannot find package '@aws-sdk/client-sns' imported from /code/app.mjs",
            "`harness install-sdk` installs @aws-sdk/client-sns for all functions without their own.",
            id="an import",
        ),
        pytest.param(
            "Error: Cannot find module 'aws-sdk'\nRequire stack:\n- /code/app.js",
            "`harness install-sdk --v2` installs aws-sdk for all functions without their own.",
            id="a require of AWS SDK v2",
        ),
        pytest.param(
            'app.ts:1:7: Could not resolve "@aws-sdk/lib-dynamodb"',
            "`harness install-sdk` installs @aws-sdk/lib-dynamodb for all functions without their own.",
            id="an import in TypeScript",
        ),
        pytest.param(
            "Cannot find module 'aws-sdk/clients/sns'",
            "`harness install-sdk --v2` installs aws-sdk for all functions without their own.",
            id="a part of a package",
        ),
        pytest.param("Cannot find package 'left-pad' imported from /code/app.mjs", "", id="a stranger"),
        pytest.param("x is not defined", "", id="another error"),
    ],
)
def test_advice_on_a_package_that_is_missing(message: str, advice: str) -> None:
    assert package_advice(message) == advice


@pytest.fixture
def real_npm() -> None:
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("Node.js or npm is not installed")
    if subprocess.run([npm, "ping"], capture_output=True, timeout=60, check=False).returncode != 0:
        pytest.skip("npm does not reach its registry")


@pytest.mark.usefixtures("real_npm")
def test_functions_find_what_npm_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packages = tmp_path / "data" / "node_modules"
    monkeypatch.setenv("FANOUT_HARNESS_NODE_MODULES", str(packages))
    assert main(["install-sdk"]) == ExitCode.PASS
    source = """
    import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
    import { GoneException } from '@aws-sdk/client-apigatewaymanagementapi';
    export const handler = async (): Promise<string[]> => [DynamoDBDocumentClient.name, GoneException.name];
    """
    assert value_of(tmp_path, {"app.ts": source}) == ["DynamoDBDocumentClient", "GoneException"]
