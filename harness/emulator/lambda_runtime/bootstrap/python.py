"""Bootstrap of Python functions: ties the process to the emulator, then becomes AWS's own runtime.

AWS's names lead to the emulator from then on, which the variable FANOUT_HARNESS_AWS names as `host:port`.

`python python.py <emulator's process id> <handler>`, in the function's code folder.
"""

import os
import sys


def _die_with(emulator_pid: int) -> None:
    import lifeline  # type: ignore[import-not-found]  # from the folder of this file

    del sys.modules["lifeline"]  # a module of the function may have that name
    lifeline.die_with(emulator_pid)


def _limit_open_files() -> None:
    import limits  # type: ignore[import-not-found]  # from the folder of this file

    del sys.modules["limits"]  # a module of the function may have that name
    limits.limit_open_files()


def _redirect_aws() -> None:
    import aws_names  # type: ignore[import-not-found]  # from the folder of this file

    del sys.modules["aws_names"]  # a module of the function may have that name
    host, _, port = os.environ["FANOUT_HARNESS_AWS"].rpartition(":")
    aws_names.redirect((host, int(port)))


def _offer_debugger() -> None:
    if "FANOUT_HARNESS_DEBUG_TERMINAL" not in os.environ:
        return
    import debugger  # type: ignore[import-not-found]  # from the folder of this file

    del sys.modules["debugger"]  # a module of the function may have that name
    debugger.offer(os.environ)


def _main() -> None:
    _die_with(int(sys.argv[1]))
    _limit_open_files()
    _redirect_aws()
    _offer_debugger()
    # The folder of this file stands first on the path, where Lambda has the code.
    sys.path[0] = os.getcwd()  # noqa: PTH109 - importing pathlib takes longer than all of this
    sys.argv = ["bootstrap", sys.argv[2]]
    from awslambdaric.__main__ import main

    main(sys.argv)


_main()
