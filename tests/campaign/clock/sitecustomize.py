"""time.time() as on a machine whose clock is set while it runs: by the seconds in the file CAMPAIGN_CLOCK.

Python imports this module at its start where it is on the path: in the driver, in every daemon of Ray's that
is written in Python, in the workers.
"""

from __future__ import annotations

import os
import time

_true = time.time
_jump = os.open(os.environ["CAMPAIGN_CLOCK"], os.O_RDONLY)


def _now() -> float:
    return _true() + float(os.pread(_jump, 30, 0) or 0)


time.time = _now
time.time_ns = lambda: int(_now() * 1e9)
