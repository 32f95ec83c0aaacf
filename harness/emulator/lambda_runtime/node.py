"""Which Node runs the functions of `nodejs` runtimes, and which packages has it beside theirs?"""

import os
import re
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path

OLDEST_NODE = 18
"""The major version that the bootstrap needs; which `nodejs` runtime is asked for makes no difference."""

_WAIT = 10.0


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


def installed_packages() -> Path:
    """The folder of packages that functions find after their own, as Lambda has the AWS SDK.

    FANOUT_HARNESS_NODE_MODULES names it; it need not exist. `npm install --prefix ~/.local/share/fanout-harness
    esbuild @aws-sdk/client-dynamodb ...` fills the usual one.
    """
    chosen = os.environ.get("FANOUT_HARNESS_NODE_MODULES")
    if chosen:
        return Path(chosen).absolute()
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser() / "fanout-harness" / "node_modules"


@lru_cache(maxsize=4)
def _version_of(node: str) -> str:
    try:
        asked = subprocess.run(
            [node, "--version"], capture_output=True, text=True, timeout=_WAIT, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return (asked.stdout or asked.stderr).strip()
