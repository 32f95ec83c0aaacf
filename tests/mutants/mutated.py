"""The handlers of a backend, changed in the one way that the variable MUTANT names; unchanged without it.

Deployed beside the backend's own `app`: `MUTANT=drop/300` is the fault `drop`, in each three hundredth case.
"""

import os

import app  # type: ignore[import-not-found]  # the backend's, in the folder that is deployed
import faults  # type: ignore[import-not-found]
import variants  # type: ignore[import-not-found]

name, _, rate = os.environ.get("MUTANT", "").partition("/")
if name:
    change = faults.FAULTS.get(name) or variants.VARIANTS[name]
    change(app, faults.every(int(rate or 1)))

connect, subscribe, disconnect, fan_out = app.connect, app.subscribe, app.disconnect, app.fan_out
