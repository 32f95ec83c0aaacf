"""`harness install-sdk`: the AWS SDKs for JavaScript, and esbuild, for Node functions without their own.

`npm ci` with a lock that is shipped here puts them into a folder of their own, which every Node function searches
after its own node_modules. A set is made beside the folder and then moved there, so that one there is complete.
"""

import argparse
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from harness.commands.printing import say, terminal
from harness.emulator.lambda_runtime.node import SDK_FOLDER, installed_packages
from harness.errors import BackendError, ExitCode, UsageError

EXAMPLES = """\
  harness install-sdk                          into ~/.local/share/fanout-harness/node_modules
  harness install-sdk --v2                     with AWS SDK v2, which new Lambda runtimes no longer have
  FANOUT_HARNESS_NODE_MODULES=/opt/sdk/node_modules harness install-sdk     elsewhere; set it for runs too
"""

MARK = ".fanout-harness"
"""The file that says, in a folder of packages, which set is in it."""

_PATIENCE = 600.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which set of packages."""
    parser.add_argument("--v2", action="store_true", help="AWS SDK v2 (`aws-sdk`) as well")


def execute(options: argparse.Namespace) -> ExitCode:
    """Installs the packages and says where they are."""
    folder = installed_packages()
    installed = install_sdk(folder, v2=options.v2)
    text = "installed" if installed else "were installed already"
    say(terminal(), f"packages {text}: {folder}")
    return ExitCode.PASS


@dataclass(frozen=True, slots=True)
class Packages:
    """A set of packages: the one of this version, with or without AWS SDK v2."""

    v2: bool = False

    def mark(self) -> str:
        """What the folder's mark says of this set."""
        lock = sha256((SDK_FOLDER / "package-lock.json").read_bytes()).hexdigest()
        return f"{lock} {'v2 and v3' if self.v2 else 'v3'}\n"


def install_sdk(folder: Path, *, v2: bool = False) -> bool:
    """Installs the packages into `folder`, a node_modules; False when all of them are there already.

    UsageError when the folder is somebody else's, BackendError when npm is missing or fails, with what it said.
    """
    present = _present(folder)
    if present in {Packages(v2).mark(), Packages(v2=True).mark()}:
        return False
    npm = shutil.which("npm")
    if npm is None:
        raise BackendError("there is no npm on the PATH; it comes with Node.js")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".installing-", dir=folder.parent) as beside:
            _npm_ci(npm, Path(beside), v2=v2)
            _move(Path(beside) / "node_modules", folder)
    except OSError as error:
        raise BackendError(f"{folder} cannot be written: {error.strerror}") from error
    return True


def _present(folder: Path) -> str:
    """The mark of the set that is there, "" for none; UsageError when what is there is none of ours."""
    if folder.name != "node_modules":
        raise UsageError(f"{folder}: Node finds packages only in a folder that is called node_modules")
    if not folder.exists() or not any(folder.iterdir()):
        return ""
    mark = folder / MARK
    if not mark.is_file():
        raise UsageError(
            f"{folder} holds packages that `harness install-sdk` did not install; they stay as they are. "
            "Set FANOUT_HARNESS_NODE_MODULES to another folder"
        )
    return mark.read_text()


def _npm_ci(npm: str, folder: Path, *, v2: bool) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(SDK_FOLDER / name, folder)
    # esbuild's program is an optional dependency of it; AWS SDK v2 is a development dependency of the set.
    which = ["--include=optional", "--include=dev" if v2 else "--omit=dev"]
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        done = subprocess.run(
            [npm, "ci", *which, *quiet],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise BackendError(f"npm did not end within {_PATIENCE:.0f} s") from error
    if done.returncode != 0:
        raise BackendError(
            f"npm could not install the packages:\n{done.stderr.strip() or done.stdout.strip()}"
        )
    (folder / "node_modules" / MARK).write_text(Packages(v2).mark())


def _move(made: Path, folder: Path) -> None:
    if folder.exists():
        folder.rename(made.with_name("before"))  # goes with what is around it
    made.rename(folder)
