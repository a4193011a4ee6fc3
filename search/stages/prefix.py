"""What two trials must agree in to share their classifier."""

from __future__ import annotations

from collections.abc import Mapping

from search.study.domains import Scalar
from search.study.study import Study

OWN = ("basis", "sae")
"""Sections of the trial that come after the classifier."""
Prefix = tuple[tuple[str, Scalar], ...]


def prefix_of(study: Study, params: Mapping[str, Scalar]) -> Prefix:
    """The settings that decide the classifier; a loop lets the SAE train it, which is then among them."""
    values = study.values(params)
    apart = OWN if values.get("loop.kind", "none") == "none" else ()
    return tuple(sorted((path, value) for path, value in values.items() if not path.startswith(_dots(apart))))


def prefix_params(study: Study, params: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """The drawn ones among them, switches included."""
    kept = {path for path, _ in prefix_of(study, params)}
    return {name: value for name, value in params.items() if name.removesuffix("?") in kept}


def _dots(sections: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{section}." for section in sections)
