"""An estimate and its interval on a line, to stand in a row of a table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from markupsafe import Markup

from analysis.charts.scale import Numeric
from analysis.charts.tag import joined, percent, tag

Verdict = Literal["helps", "hurts", "helps weakly", "hurts weakly", "unclear"]
"""Weakly: clear by itself, not among all effects looked at."""
HEIGHT = 18


def interval(
    mean: float, low: float | None, high: float | None, scale: Numeric, verdict: Verdict, description: str
) -> Markup:
    """A dot at `mean`, a bar from `low` to `high`, and the line where there is no effect.

    Ends beyond the scale are drawn as arrow heads at its edge. Nothing is drawn of what is not finite.
    """
    middle = HEIGHT / 2
    zero = scale.share(0.0)
    parts = []
    if zero is not None and 0 <= zero <= 1:
        parts.append(tag("line", class_="zero", x1=percent(zero), x2=percent(zero), y1=0, y2=HEIGHT))
    if low is not None and high is not None and math.isfinite(low) and math.isfinite(high):
        parts.append(_bar(scale, low, high, verdict, middle))
    share = scale.share(mean)
    if share is not None:
        place = percent(min(1.0, max(0.0, share)))
        parts.append(tag("circle", class_=f"estimate {verdict}", cx=place, cy=middle, r=4))
    return tag(
        "svg",
        *parts,
        class_="interval",
        role="img",
        aria_label=description,
        width="100%",
        height=HEIGHT,
        overflow="visible",
    )


def _bar(scale: Numeric, low: float, high: float, verdict: Verdict, middle: float) -> Markup:
    left, right = scale.share(low) or 0.0, scale.share(high) or 0.0
    inside = [min(1.0, max(0.0, share)) for share in (left, right)]
    parts = [
        tag(
            "line",
            class_=f"reach {verdict}",
            x1=percent(inside[0]),
            x2=percent(inside[1]),
            y1=middle,
            y2=middle,
        )
    ]
    if left < 0:
        parts.append(tag("text", "‹", class_="beyond", x="0%", y=middle + 4, dx=-6))
    if right > 1:
        parts.append(tag("text", "›", class_="beyond", x="100%", y=middle + 4, dx=1))
    return joined(*parts)


def common_scale(estimates: Sequence[tuple[float, float, float]]) -> Numeric:
    """A scale around 0 and all (mean, low, high), which a few very wide intervals do not stretch.

    It holds every mean, and of the intervals' ends nine in ten.
    """
    means = [mean for mean, _, _ in estimates if math.isfinite(mean)]
    ends = [end for _, low, high in estimates for end in (low, high) if math.isfinite(end)]
    sizes = sorted(map(abs, ends))
    reach = max([*map(abs, means), sizes[int(0.9 * (len(sizes) - 1))] if sizes else 0.0], default=0.0)
    low = max(-reach, min([0.0, *means, *ends]))
    high = min(reach, max([0.0, *means, *ends]))
    air = 0.06 * (high - low) or 1.0
    return Numeric(low - air, high + air)
