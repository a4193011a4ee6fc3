from __future__ import annotations

import pytest

from analysis.features.collect import feature_table
from analysis.features.details import feature_details
from analysis.features.feature import FeatureDetail, FeatureTable
from tests.analysis_tests.features_tests.wired import QUICK, wired, world


@pytest.fixture(scope="session", params=[8, 28])
def seen(request: pytest.FixtureRequest) -> tuple[FeatureTable, list[FeatureDetail]]:
    """The hand-wired world's table and all its details, on small and on large images."""
    model, data = wired(request.param), world(request.param)
    table = feature_table(model, data)
    return table, list(feature_details(model, table, data, range(len(table)), inversion=QUICK))
