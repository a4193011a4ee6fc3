"""How kernels are compiled.

Each file of kernels stands alone: numba's cache notices a change of the file a kernel is in, not of others.
Kernels release the interpreter's lock, so that parts of one job can run in several threads, and none writes
what another part reads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

# Sums may be taken in any order, which SIMD needs; NaN and infinity keep their meaning.
FAST = {"reassoc", "contract", "nsz"}


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` as machine code, compiled on its first call and kept on disk where that is possible."""
    try:
        kernel: Callable[..., Any] = numba.njit(nogil=True, cache=True, fastmath=FAST)(function)
    except RuntimeError:  # no folder to keep it in can be written
        kernel = numba.njit(nogil=True, fastmath=FAST)(function)
    return kernel
