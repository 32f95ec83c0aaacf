"""Node for `nodejs` functions: the one on this machine, and the packages that they find beside theirs."""

import json
import os
import re
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path

OLDEST_NODE = 18
"""The major version that the bootstrap needs; which `nodejs` runtime is asked for makes no difference."""

SDK_FOLDER = Path(__file__).parent / "sdk"
"""The package.json, with its lock, of what `harness install-sdk` installs."""

_WAIT = 10.0
_MISSING_PACKAGE = re.compile(
    r"""(?:Cannot find (?:package|module)|Could not resolve) ['"]((?:@[^'"/]+/)?[^'"/]+)"""
)


def node_problem() -> str | None:
    """What keeps Node functions from running on this machine, in a sentence; None when nothing does."""
    node = shutil.which("node")
    if node is None:
        return f"there is no node on the PATH. Install Node.js {OLDEST_NODE} or newer."
    version = _version_of(node)
    found = re.match(r"v(\d+)\.", version)
    if found is None:
        return f"{node} --version says {version!r}. Install Node.js {OLDEST_NODE} or newer."
    if int(found[1]) < OLDEST_NODE:
        return f"{node} is {version}. Install Node.js {OLDEST_NODE} or newer."
    return None


def node_version() -> str:
    """What the machine's Node says of itself, such as `v22.11.0`; "" when there is none."""
    node = shutil.which("node")
    return "" if node is None else _version_of(node)


def installed_packages() -> Path:
    """The folder of packages that functions find after their own, as Lambda has the AWS SDK.

    FANOUT_HARNESS_NODE_MODULES names it; it need not exist. `harness install-sdk` fills it.
    """
    chosen = os.environ.get("FANOUT_HARNESS_NODE_MODULES")
    if chosen:
        return Path(chosen).absolute()
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser() / "fanout-harness" / "node_modules"


def installed_version(package: str) -> str | None:
    """The version of a package in that folder, None when it is not there."""
    try:
        return str(json.loads((installed_packages() / package / "package.json").read_bytes())["version"])
    except FileNotFoundError:
        return None


def package_advice(error_message: str) -> str:
    """How to get the package that a function's INIT did not find, for one that we install; "" otherwise."""
    found = _MISSING_PACKAGE.search(error_message)
    packages = json.loads((SDK_FOLDER / "package.json").read_bytes())
    if found is None:
        return ""
    if found[1] in packages["dependencies"]:
        return f"`harness install-sdk` installs {found[1]} for all functions without their own."
    if found[1] in packages["devDependencies"]:
        return f"`harness install-sdk --v2` installs {found[1]} for all functions without their own."
    return ""


@lru_cache(maxsize=4)
def _version_of(node: str) -> str:
    try:
        asked = subprocess.run(
            [node, "--version"], capture_output=True, text=True, timeout=_WAIT, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return (asked.stdout or asked.stderr).strip()
