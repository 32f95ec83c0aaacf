"""Raised errors: at which line of whose code, as what a function logged of the error tells it."""

import re

# `File "/var/task/app.py", line 9, in handler` of Python, `at inner (file:///var/task/app.mjs:1:165)` of Node.js.
_PYTHON = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+)')
_NODE = re.compile(r"\bat (?:[^()\n]*?\()?(?:file://)?(?P<file>/[^():\n\"]+):(?P<line>\d+):\d+")
_TRACEBACK = "Traceback (most recent call last):"
# Libraries and the runtime: their lines do not say what to mend.
_NOT_THEIRS = re.compile(r"/(?:site-packages|node_modules|lambda_runtime/bootstrap|lib/python3[\d.]*)/")
_PARTS = 2


def raised_at(logged: str) -> str | None:
    """`ws/fan_out.py:31`: the innermost line of the function's own code in a stack trace; None where there is none.

    Of several traces in one text, an error and what it came from, the last is the error's.
    """
    if _TRACEBACK in logged:
        frames = list(_PYTHON.finditer(logged.rpartition(_TRACEBACK)[2]))[::-1]
    else:
        frames = list(_NODE.finditer(logged))
    theirs = [one for one in frames if not _NOT_THEIRS.search(one["file"])]
    if not (frames := theirs or frames):
        return None
    return f"{'/'.join(frames[0]['file'].split('/')[-_PARTS:])}:{frames[0]['line']}"
