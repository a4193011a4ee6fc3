"""How kernels are compiled.

Each file of kernels stands alone: numba's cache notices a change of the file a kernel is in, not of others.
Kernels release the interpreter's lock, so that parts of one job can run in several threads, and none writes
what another part reads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

# What vector instructions need: sums in any order, while NaN and infinity keep their meaning; and a division
# by 0 that gives infinity, since one that raises is a branch in every turn of the loop.
OPTIONS: dict[str, Any] = {"nogil": True, "fastmath": {"reassoc", "contract", "nsz"}, "error_model": "numpy"}


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` as machine code, compiled on its first call and kept on disk where that is possible."""
    try:
        kernel: Callable[..., Any] = numba.njit(cache=True, **OPTIONS)(function)
    except RuntimeError:  # no folder to keep it in can be written
        kernel = numba.njit(**OPTIONS)(function)
    return kernel
