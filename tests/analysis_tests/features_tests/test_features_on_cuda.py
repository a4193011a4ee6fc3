"""What is said of latents on a GPU is what is said on the CPU, up to the last digits of float32."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
import torch

from analysis.features.collect import feature_table
from analysis.features.details import feature_details
from analysis.features.feature import FeatureDetail, FeatureTable
from tests.analysis_tests.features_tests.wired import QUICK, wired, world

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]


def look(device: str) -> tuple[FeatureTable, list[FeatureDetail]]:
    model, data = wired().to(device), world()
    table = feature_table(model, data)
    return table, list(feature_details(model, table, data, range(len(table)), inversion=QUICK))


def test_tables_and_details() -> None:
    (table, details), (on_cuda, found) = look("cpu"), look("cuda")
    for field in fields(table):
        one, other = getattr(table, field.name), getattr(on_cuda, field.name)
        if isinstance(one, np.ndarray):
            assert other == pytest.approx(one, rel=1e-4, abs=1e-5, nan_ok=True), field.name
        else:
            assert other == one
    for one, other in zip(details, found, strict=True):
        assert np.array_equal(one.top.rows, other.top.rows)
        assert np.array_equal(one.near_misses.rows, other.near_misses.rows)
        assert other.effect_ablation == pytest.approx(one.effect_ablation, abs=1e-4)
        assert [n.latent for n in one.by_cosine] == [n.latent for n in other.by_cosine]
        for method, maps in one.attributions.items():
            assert other.attributions[method] == pytest.approx(maps, abs=1e-4)
