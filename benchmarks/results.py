"""What all benchmarks write: a table on stdout and the same figures, with the machine's facts, as JSON."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("torch", "ray", "optuna", "numpy", "numba")


def say(text: str) -> None:
    """Standard output, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def progress(text: str) -> None:
    """Standard error: what is being measured, while stdout holds what is to be pasted."""
    sys.stderr.write(text + "\n")


def machine_line(facts: Mapping[str, Any]) -> str:
    """The machine in a sentence, for under a table."""
    packages = ", ".join(f"{name} {version}" for name, version in facts["packages"].items())
    cores = f"{facts['cores']} cores ({facts['processor'] or 'unknown'})"
    return f"{cores}, load {facts['load_before']:.1f} before. Python {facts['python']}, {packages}."


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table; numbers to three significant digits, to be pasted into README.md as it is."""
    lines = [f"| {' | '.join(head)} |", "|" + " --- |" + " ---: |" * (len(head) - 1)]
    lines += [f"| {' | '.join(_cell(value) for value in row)} |" for row in rows]
    return "\n".join(lines)


def machine() -> dict[str, Any]:
    """Processor, cores that this process may use, load, Python and package versions."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "load_before": os.getloadavg()[0],
        "python": platform.python_version(),
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
    }


def write_json(path: Path | None, command: Sequence[str], facts: Mapping[str, Any], figures: Any) -> None:
    """Figures with the command and the machine that gave them; nothing without a path."""
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {"command": ["python", *command], "machine": dict(facts), "figures": figures}
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    say(f"\n{path}")


def _cell(value: object) -> str:
    return (
        f"{value:.3g}"
        if isinstance(value, float) and abs(value) < 1000
        else f"{value:,.0f}"
        if isinstance(value, float)
        else str(value)
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
