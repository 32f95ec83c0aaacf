"""Lifeline to the emulator: the kernel is asked to end a function's process when the emulator is gone.

Imports nothing but the standard library: it runs before anything of the function.
"""

import os
import sys

_PR_SET_PDEATHSIG = 1
_SIGKILL = 9


def die_with(emulator_pid: int) -> None:
    """The kernel kills this process when the emulator dies, frozen or not; exits now if that has happened.

    What this process executes in its own place is tied in the same way.
    """
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)
    if os.getppid() != emulator_pid:
        os._exit(1)
