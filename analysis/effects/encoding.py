"""Settings as numbers for a regression: what may add up, and how far two trials lie apart.

A choice is one column per option, a switch one column, a range the Legendre polynomials P1 to P3 of
2 place - 1. Where a parameter is not drawn its columns are 0. Over even draws the polynomials have mean 0, so
that the effect of what makes a range active is that at its average, not at its low end.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from analysis.effects.settings import Array, Column, Settings
from search.study.domains import Choice, Parameter
from search.study.study import Study

_CURVE_SIZES = (1.0, 0.5)
"""Of P2 and P3 beforehand: a hump is likelier than a wave."""


def steps(study: Study, settings: Settings) -> Array:
    """Features (n, f) of what acts at once or in proportion: options, switches and P1."""
    return _columns(study, settings, _steps)


def curves(study: Study, settings: Settings) -> Array:
    """Features (n, f) of what bends along a range: P2 and P3. There are none without ranges."""
    return _columns(study, settings, _curves)


def coordinates(study: Study, settings: Settings) -> Array:
    """Points (n, c): two lie 1 apart for a choice or switch in which they differ, and as far as their places
    for a range; one that a trial does not draw stands in the middle."""
    return _columns(study, settings, _coordinate)


def _columns(study: Study, settings: Settings, made: Callable[[Parameter, Column], Array]) -> Array:
    return np.concatenate(
        [made(parameter, settings[parameter.path]) for parameter in study.parameters], axis=1
    )


def _steps(parameter: Parameter, column: Column) -> Array:
    blocks = [column.on[:, None].astype(float)] if parameter.has_switch else []
    if isinstance(parameter.domain, Choice):
        blocks.append(_options(parameter.domain, column))
    else:
        blocks.append(np.where(column.on, 2 * column.place - 1, 0.0)[:, None])
    return np.concatenate(blocks, axis=1)


def _curves(parameter: Parameter, column: Column) -> Array:
    if isinstance(parameter.domain, Choice):
        return np.zeros((len(column.on), 0))
    t = 2 * column.place - 1
    waves = np.stack([(3 * t**2 - 1) / 2, (5 * t**3 - 3 * t) / 2], axis=1)
    return np.asarray(np.where(column.on[:, None], np.array(_CURVE_SIZES) * waves, 0.0))


def _coordinate(parameter: Parameter, column: Column) -> Array:
    blocks = [column.on[:, None].astype(float)] if parameter.has_switch else []
    if isinstance(parameter.domain, Choice):
        blocks.append(_options(parameter.domain, column) / np.sqrt(2))
    else:
        blocks.append(np.where(column.on, column.place - 0.5, 0.0)[:, None])
    return np.concatenate(blocks, axis=1)


def _options(domain: Choice, column: Column) -> Array:
    return (column.on[:, None] & (column.place[:, None] == np.arange(len(domain.options)))).astype(float)
