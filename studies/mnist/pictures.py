"""The study's pictures, PNG files that matplotlib draws."""

from __future__ import annotations

import math
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot
from matplotlib.axes import Axes

from studies.mnist.ablation import Ablation
from studies.mnist.rule import SMALLEST_EFFECT, Finding

COLOURS = {"helps": "#1b7f4b", "harms": "#b3261e", "breaks a guard": "#b26a00"}
OTHERWISE = "#5f6b7a"


def forest(ablation: Ablation, path: Path) -> None:
    """Every direction's effect on the primary measure with its 95 % interval, largest first."""
    known = [found for found in ablation.findings if found.difference.n >= 2]
    told = sorted(known, key=lambda found: found.difference.mean)
    figure, axes = pyplot.subplots(figsize=(8, 1.2 + 0.19 * len(told)), layout="constrained")
    for row, found in enumerate(told):
        _bar(axes, row, found)
    axes.axvspan(-SMALLEST_EFFECT, SMALLEST_EFFECT, color="#eef0f3", zorder=0)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_yticks(range(len(told)), [found.direction.replace("_", " ") for found in told], fontsize=7)
    axes.set_ylim(-0.8, len(told) - 0.2)
    axes.set_xlabel("supported latents above the floor, difference to the default (95 % interval)")
    axes.set_title("Each direction alone; grey band: too small to count", loc="left", fontsize=10)
    figure.savefig(path, dpi=110, metadata={"Software": None})
    pyplot.close(figure)


def _bar(axes: Axes, row: int, found: Finding) -> None:
    low, high = found.difference.interval
    colour = COLOURS.get(found.verdict, OTHERWISE)
    if math.isfinite(low):
        axes.plot([low, high], [row, row], color=colour, linewidth=1.6, solid_capstyle="butt")
    axes.plot([found.difference.mean], [row], marker="o", markersize=4, color=colour)
