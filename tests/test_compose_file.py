"""docker-compose.localstack.yml, as far as a machine without Docker can tell."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.backends.choice import BackendChoice, Kind, choose
from harness.cli import parsed

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "docker-compose.localstack.yml"


@pytest.fixture(scope="module")
def services() -> Mapping[str, Any]:
    read: Mapping[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))["services"]
    return read


def test_localstack_is_pinned_and_reached_from_this_machine_only(services: Mapping[str, Any]) -> None:
    localstack = services["localstack"]

    assert re.fullmatch(r"\$\{LOCALSTACK_IMAGE:-localstack/localstack:\d+\.\d+\.\d+\}", localstack["image"])
    assert localstack["ports"] == ["127.0.0.1:4566:4566"]


def test_the_token_is_passed_on_and_not_written_down(services: Mapping[str, Any]) -> None:
    assert [one for one in services["localstack"]["environment"] if "TOKEN" in one] == [
        "LOCALSTACK_AUTH_TOKEN"
    ]


def test_the_harness_waits_until_localstack_answers(services: Mapping[str, Any]) -> None:
    kind, *asked = services["localstack"]["healthcheck"]["test"]

    assert (kind, asked[0], asked[-1]) == ("CMD", "curl", "http://127.0.0.1:4566/_localstack/health")
    assert services["harness"]["depends_on"] == {"localstack": {"condition": "service_healthy"}}


def test_the_harness_is_told_a_command_that_it_takes(services: Mapping[str, Any]) -> None:
    shell, option, script = services["harness"]["command"]
    install, _, run = script.partition(" && exec ")
    words = shlex.split(run)
    options = parsed(words[1:])
    variables = dict(one.split("=", 1) for one in services["harness"]["environment"])
    choice = choose(variables, backend=options.backend, callback_host=options.callback_host)

    assert (shell, option, words[:2]) == ("sh", "-c", ["harness", "run"])
    assert shlex.split(install)[:2] == ["pip", "install"]
    assert choice == BackendChoice(
        Kind.LOCALSTACK, "http://localstack:4566", named=True, callback_host="harness"
    )


def test_what_the_command_names_is_mounted(services: Mapping[str, Any]) -> None:
    harness = services["harness"]
    mounted = dict(volume.split(":")[:2] for volume in harness["volumes"])
    options = parsed(shlex.split(harness["command"][2].partition(" && exec harness ")[2]))

    assert mounted == {".": harness["working_dir"], "./runs": str(options.runs)}
    assert options.junit.is_relative_to(options.runs)
    for name in ("pyproject.toml", "constraints.txt", "stack.yaml", "scenarios"):
        assert (ROOT / name).exists()


def has_docker_compose() -> bool:
    docker = shutil.which("docker")
    asked = [docker or "", "compose", "version"]
    return docker is not None and subprocess.run(asked, capture_output=True, timeout=60).returncode == 0


def test_docker_takes_the_file() -> None:
    if not has_docker_compose():
        pytest.skip("docker compose is not installed here")
    command = ["docker", "compose", "-f", str(FILE), "config", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stderr) == (0, "")
