"""What tests of pipelines train on."""

from __future__ import annotations

import pytest

from trainables.data.dataset import ImageData, load_dataset, to_tensors


@pytest.fixture(scope="session")
def digits() -> ImageData:
    return to_tensors(load_dataset("digits", limit=200))
