"""Clamping a latent of the hand-wired world, whose logits are 4 h: what comes out can be said beforehand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from analysis.features.dose import dose_response, pixel_reader
from analysis.features.feature import DOSES
from analysis.features.observed import observe
from tests.analysis_tests.features_tests.wired import wired, world


def test_logits_and_picture_follow_the_dose() -> None:
    data = world()
    observed, reader = observe(wired(), data.val), pixel_reader(observe(wired(), data.train))
    z = observed.columns(torch.tensor([2]))[1][:, 0]
    found = dose_response(observed, reader, 2, z)
    once = float(found.logits[DOSES.index(1.0), 2])
    assert once == pytest.approx(4 * float(z[z > 0].mean()), rel=0.1)
    np.testing.assert_allclose(found.logits[:, 2], [once * dose for dose in DOSES], atol=1e-4)
    np.testing.assert_allclose(found.logits[:, 0], 0.0, atol=1e-5)
    assert found.says[1:, 2].tolist() == [1.0] * 4, "at 0 no logit is above another"
    lit = found.pictures[:, 0, 2]
    np.testing.assert_allclose(lit, [float(z.max()) * dose for dose in DOSES], atol=0.02)


def test_the_reader_is_ridge_regression() -> None:
    sklearn = pytest.importorskip("sklearn.linear_model")
    train = observe(wired(), world().train)
    h, x = train.h.double().numpy(), train.images.double().numpy().reshape(len(train), -1)
    centred = h - h.mean(axis=0)
    ridge = 1e-3 * np.square(centred).sum(axis=0).mean() + 1e-12
    expected = sklearn.Ridge(alpha=ridge).fit(h, x).predict(h[:5])
    np.testing.assert_allclose(pixel_reader(train)(train.h[:5]).flatten(1).numpy(), expected, atol=1e-6)


def test_a_silent_latent_does_nothing() -> None:
    data = world()
    observed, reader = observe(wired(), data.val), pixel_reader(observe(wired(), data.train))
    found = dose_response(observed, reader, 7, torch.zeros(len(observed)))
    assert not any(values.any() for values in (found.logits, found.says, found.pictures))
