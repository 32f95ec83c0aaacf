"""Installation of a LocalStack without Docker: what it needs on disk, from PyPI and npm, once.

Everything lies in one cache folder. DynamoDB is AWS's own DynamoDB Local, which npm has inside the package
amplify-dynamodb-simulator. LocalStack starts it with a Java agent that no registry has; one that does nothing
takes its place.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

DYNAMODB_LOCAL = "amplify-dynamodb-simulator@2.9.30"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")

_AGENT = "public class Agent { public static void premain(String options) {} }\n"
_TOOLS = {
    "npm": "npm is missing: install Node.js 18 or newer",
    "java": "java is missing: install a JDK, version 17 or newer",
    "javac": "javac is missing: install a whole JDK, version 17 or newer, as the runtime alone does not do",
}


class CannotInstall(Exception):
    """LocalStack cannot be installed here; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Installation:
    """A LocalStack on disk: its Python, and the folder that LocalStack looks for its packages in."""

    python: Path
    packages: Path


def cache_folder() -> Path:
    """Where it is installed: below $XDG_CACHE_HOME, or ~/.cache."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "fanout-harness" / "localstack"


def installed(cache: Path, say: Callable[[str], None]) -> Installation:
    """The installation in the cache, made now if it is not there; CannotInstall when it cannot be.

    Needs neither Docker nor root. Takes a minute and 800 MB the first time; `say` hears of it.
    """
    _check_tools()
    folder = cache / _fingerprint()
    installation = Installation(folder / "venv" / "bin" / "python", folder / "packages")
    with _locked(cache):
        if not (folder / "complete").exists():
            say(f"installing LocalStack into {folder} (once, takes a minute)")
            shutil.rmtree(folder, ignore_errors=True)
            _install(installation, folder)
            (folder / "complete").touch()
    return installation


def _check_tools() -> None:
    for tool, advice in _TOOLS.items():
        if shutil.which(tool) is None:
            raise CannotInstall(advice)
    version = _run(["java", "-version"], "java does not run").stderr
    digits = version.partition('version "')[2].partition(".")[0].partition('"')[0]
    if digits.isdigit() and int(digits) < 17:
        raise CannotInstall(f"java is version {digits}: install a JDK, version 17 or newer")


def _fingerprint() -> str:
    wanted = REQUIREMENTS.read_text() + DYNAMODB_LOCAL + _AGENT + sys.version
    return hashlib.sha256(wanted.encode()).hexdigest()[:16]


@contextmanager
def _locked(cache: Path) -> Iterator[None]:
    """One process at a time; a second one waits, and finds what the first has installed."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install(installation: Installation, folder: Path) -> None:
    venv = installation.python.parents[1]
    _run([sys.executable, "-m", "venv", str(venv)], "no virtual environment can be made")
    pip = [str(installation.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "--no-deps", "-r", str(REQUIREMENTS)], "LocalStack cannot be installed from PyPI")
    npm = ["npm", "install", "--no-save", "--legacy-peer-deps", "--ignore-scripts", "--no-audit", "--no-fund"]
    _run(
        [*npm, "--loglevel=error", "--prefix", str(folder / "node"), DYNAMODB_LOCAL],
        "DynamoDB Local cannot be installed from npm",
    )
    simulator = folder / "node" / "node_modules" / DYNAMODB_LOCAL.partition("@")[0] / "emulator"
    dynamodb = installation.packages / "dynamodb-local" / "2"
    dynamodb.parent.mkdir(parents=True)
    shutil.move(simulator, dynamodb)
    shutil.rmtree(folder / "node")
    _make_agent(folder / "agent", dynamodb / "ddb-local-loader-0.1.jar")


def _make_agent(work: Path, jar: Path) -> None:
    work.mkdir()
    source = work / "Agent.java"
    source.write_text(_AGENT)
    _run(["javac", "--release", "11", str(source)], "the Java agent does not compile")
    with zipfile.ZipFile(jar, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\nPremain-Class: Agent\n")
        archive.write(work / "Agent.class", "Agent.class")


def _run(command: list[str], failure: str) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise CannotInstall(f"{failure}: {lines[-1] if lines else f'exit code {done.returncode}'}")
    return done
