"""Bootstrap of Node functions: ties the process to the emulator, then becomes Node with our bootstrap.

`python node.py <emulator's process id> <node> <folder of the bootstraps> <options of Node> ...`, in the function's
code folder.
"""

import os
import sys

from lifeline import die_with  # type: ignore[import-not-found]  # from the folder of this file
from limits import limit_open_files  # type: ignore[import-not-found]


def _main() -> None:
    emulator_pid, node, folder, *options = sys.argv[1:]
    die_with(int(emulator_pid))
    limit_open_files()
    bootstraps = ["--require", f"{folder}/node_names.cjs", f"{folder}/node.mjs"]
    os.execv(node, [node, *options, *bootstraps])  # noqa: S606


_main()
