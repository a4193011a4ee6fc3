"""Differences as pages and reports write them."""

from __future__ import annotations

import math


def signed(value: float) -> str:
    """`+0.012`, `−0.012`; more digits where three decimals would show nothing, `–` if not finite."""
    if not math.isfinite(value):
        return "–"
    told = f"{value:+.3f}" if value == 0 or 0.0005 <= abs(value) < 100 else f"{value:+.2g}"
    return told.replace("-", "−")
