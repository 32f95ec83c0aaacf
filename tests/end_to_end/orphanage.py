"""Runs a command and takes in every process that it leaves behind: `orphanage.py PID_FILE COMMAND ...`.

The command's process id goes into PID_FILE at once. When the command has ended, its orphans get half a minute to end
as well. Exits with the command's own code (128 + n for signal n), or with 99 after naming those that stayed.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
GRACE = 30.0


def main(pid_file: str, *command: str) -> int:
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    # A shell without job control has its background jobs ignore it, and their children after them.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(command, start_new_session=True)
    Path(pid_file).write_text(str(process.pid))
    code = process.wait()
    left_behind = orphans_after(GRACE)
    if left_behind:
        print("LEFT BEHIND:", *left_behind, sep="\n  ", file=sys.stderr)
        return 99
    return code if code >= 0 else 128 - code


def orphans_after(grace: float) -> list[str]:
    """The command lines of orphans that are still there after `grace` seconds; none of them lives any longer."""
    all_gone = threading.Event()
    threading.Thread(target=_wait_for_all, args=(all_gone,), daemon=True).start()
    if all_gone.wait(grace):
        return []
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    lines = [Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ") for pid in children]
    for pid in children:
        os.kill(int(pid), signal.SIGKILL)
    return lines


def _wait_for_all(all_gone: threading.Event) -> None:
    while True:
        try:
            os.wait()
        except ChildProcessError:
            all_gone.set()
            return


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
