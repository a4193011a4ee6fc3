"""Granting CPUs and shares of GPUs."""

from __future__ import annotations

import pytest

from search.errors import ClusterError
from search.resources import Grant, grant, places
from search.study import Resources


@pytest.mark.parametrize(
    ("asked", "have", "granted", "n_places"),
    [
        (Resources(), {"CPU": 2.0}, Grant(1.0, 0.0), 2),
        (Resources(cpu=0.5), {"CPU": 2.0}, Grant(0.5, 0.0), 4),
        (Resources(cpu=3), {"CPU": 8.0}, Grant(3.0, 0.0), 2),
        (Resources(), {"CPU": 3.0, "GPU": 1.0}, Grant(1.0, 1 / 3), 3),
        (Resources(), {"CPU": 2.0, "GPU": 8.0}, Grant(1.0, 1.0), 2),
        (Resources(gpu=0.25), {"CPU": 16.0, "GPU": 1.0}, Grant(1.0, 0.25), 4),
        (Resources(gpu=0), {"CPU": 2.0, "GPU": 1.0}, Grant(1.0, 0.0), 2),
    ],
)
def test_grants_and_places(asked: Resources, have: dict[str, float], granted: Grant, n_places: int) -> None:
    assert grant(asked, have) == granted
    assert places(granted, have) == n_places


@pytest.mark.parametrize("asked", [Resources(cpu=999), Resources(gpu=2)])
def test_what_never_fits_is_refused_with_have_and_need(asked: Resources) -> None:
    with pytest.raises(ClusterError, match=r"asks for .* the cluster has"):
        grant(asked, {"CPU": 2.0, "GPU": 1.0})


def test_threads_follow_the_cpus() -> None:
    assert [Grant(cpu, 0).threads for cpu in (0.25, 1, 2.5, 4)] == [1, 1, 2, 4]
