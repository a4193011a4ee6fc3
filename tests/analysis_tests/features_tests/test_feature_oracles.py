"""Models with random weights against slow numpy in float64, and against the trial's own metrics."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from analysis.features.collect import feature_table
from analysis.features.details import feature_details
from analysis.features.feature import FeatureDetail, FeatureTable
from analysis.features.observed import observe
from analysis.features.reading import Reading
from tests.analysis_tests.features_tests.wired import HIDDEN, N_CLASSES, QUICK, config_of, untrained
from trainables import registry
from trainables.data.dataset import Dataset, load_dataset
from trainables.data.stroke_mask import stroke_mask
from trainables.metrics.entries.purity import DIRECTIONS
from trainables.metrics.inputs import ReferenceInputs
from trainables.metrics.measured import measure
from trainables.metrics.selectivity import latent_purities, purity, strongest
from trainables.model.decoder_rows import decoder_rows
from trainables.model.feature_model import FeatureModel
from trainables.networks.mlp import Mlp
from trainables.seeds import generator
from trainables.settings.classifier import MlpClassifierConfig


class BentHead(Mlp):
    """A head that is not linear, so that weights and ablation differ."""

    def head(self, hidden: Tensor) -> Tensor:
        return super().head(hidden.square())


@pytest.fixture(scope="module")
def digits() -> Dataset:
    data = load_dataset("digits", limit=300)
    few = data.train.labels < N_CLASSES
    keep = [(s.images[s.labels < N_CLASSES], s.labels[s.labels < N_CLASSES]) for s in (data.train, data.val)]
    assert few.sum() > 100
    train, val = (type(data.train)(*arrays) for arrays in keep)
    return Dataset("few", train, val, val, N_CLASSES, "few")


@pytest.fixture(scope="module")
def bent(digits: Dataset) -> FeatureModel:
    config = config_of(sae="topk", width=24)
    assert isinstance(config.classifier, MlpClassifierConfig)
    network = BentHead(config.classifier, (8, 8), N_CLASSES, generator(0))
    return untrained(config, digits.train.images, network)


@pytest.fixture(scope="module")
def seen(bent: FeatureModel, digits: Dataset) -> tuple[FeatureTable, list[FeatureDetail]]:
    table = feature_table(bent, digits)
    return table, list(feature_details(bent, table, digits, range(24), inversion=QUICK))


def codes(model: FeatureModel, images: np.ndarray) -> np.ndarray:
    return model.encode(model.hidden(torch.tensor(images)))[1].double().numpy()


def test_sums_over_the_split(
    seen: tuple[FeatureTable, list[FeatureDetail]], bent: FeatureModel, digits: Dataset
) -> None:
    table, _ = seen
    z = codes(bent, digits.val.images)
    firing = z > 0
    assert table.density == pytest.approx(firing.mean(0))
    for j in np.flatnonzero(firing.any(0)):
        active = z[:, j][firing[:, j]]
        assert table.mean_activation[j] == pytest.approx(active.mean(), rel=1e-6)
        assert table.max_activation[j] == pytest.approx(active.max(), rel=1e-6)
        mean = (z[:, j, None, None] * digits.val.images).sum(0) / z[:, j].sum()
        assert table.mean_images[j] == pytest.approx(mean, abs=1e-6)


def test_measured_ablation_is_a_run_on_the_code_without_the_latent_and_with_the_error(
    seen: tuple[FeatureTable, list[FeatureDetail]], bent: FeatureModel, digits: Dataset
) -> None:
    _, details = seen
    model = bent
    x, labels = torch.tensor(digits.val.images), digits.val.labels
    h = model.hidden(x)
    z = model.encode(h)[1]
    error = h - model.decode(z)
    clean = model.head(h).double().numpy()
    differing = 0.0
    for detail in details:
        at = (z[:, detail.latent] > 0).numpy()
        if not at.any():
            assert not detail.effect_ablation.any()
            continue
        without = z.clone()
        without[:, detail.latent] = 0
        left = model.head(model.decode(without) + error).double().numpy()
        assert detail.effect_ablation == pytest.approx((clean - left)[at].mean(0), abs=2e-4)
        change = (left.argmax(1) == labels)[at].mean() - (clean.argmax(1) == labels)[at].mean()
        assert detail.ablation_accuracy == pytest.approx(change, abs=1e-9)
        differing = max(differing, float(np.abs(detail.effect_ablation - detail.effect_weights).max()))
    assert differing > 0.1


def test_the_effect_by_the_weights_is_the_mean_jacobian_of_the_bent_head(
    seen: tuple[FeatureTable, list[FeatureDetail]], bent: FeatureModel, digits: Dataset
) -> None:
    table, details = seen
    h = bent.hidden(torch.tensor(digits.val.images)).double().numpy()
    jacobian = 2 * h.mean(0)[:, None] * bent.classifier.readout_layer().weight.T.double().numpy()
    rows = decoder_rows(bent, 24, "cpu").double().numpy()
    expected = table.mean_activation[:, None] * (rows @ jacobian)
    assert np.array([d.effect_weights for d in details]) == pytest.approx(expected, rel=1e-3, abs=1e-4)


def test_neighbours_are_numpys(
    seen: tuple[FeatureTable, list[FeatureDetail]], bent: FeatureModel, digits: Dataset
) -> None:
    _, details = seen
    z = codes(bent, digits.val.images)
    varies = z.std(0) > 0
    correlation = np.full((24, 24), -np.inf)
    correlation[np.ix_(varies, varies)] = np.corrcoef(z[:, varies].T)
    rows = decoder_rows(bent, 24, "cpu").double().numpy()
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    for table, attribute in ((correlation, "by_correlation"), (unit @ unit.T, "by_cosine")):
        np.fill_diagonal(table, -np.inf)
        for detail in details:
            found = getattr(detail, attribute)
            order = np.argsort(-table[detail.latent])[:5]
            expected = [table[detail.latent, j] for j in order if table[detail.latent, j] > -np.inf]
            assert [n.value for n in found] == pytest.approx(expected, abs=1e-6)


def test_maps_and_masks_are_those_of_the_images_shown(
    seen: tuple[FeatureTable, list[FeatureDetail]], bent: FeatureModel, digits: Dataset
) -> None:
    _, details = seen
    for detail in details[:6]:
        images = torch.tensor(detail.top.images)
        assert np.array_equal(detail.top.images, digits.val.images[detail.top.rows])
        assert np.array_equal(detail.stroke_masks, stroke_mask(images).numpy())
        x = images.clone().requires_grad_()
        bent.encode(bent.hidden(x))[0][:, detail.latent].sum().backward()
        assert x.grad is not None
        assert detail.attributions["gradient"] == pytest.approx(x.grad.numpy(), abs=1e-4)


def test_a_latent_shows_the_same_whatever_else_is_asked_for(
    seen: tuple[FeatureTable, list[FeatureDetail]], bent: FeatureModel, digits: Dataset
) -> None:
    table, details = seen
    shares: list[float] = []
    found = feature_details(bent, table, digits, [5, 3], progress=shares.append, inversion=QUICK)
    for detail, expected in zip(found, (details[5], details[3]), strict=True):
        assert detail.latent == expected.latent
        for one, other in zip(
            (detail.top, detail.random_active, *(i.examples for i in detail.intervals)),
            (expected.top, expected.random_active, *(i.examples for i in expected.intervals)),
            strict=True,
        ):
            assert np.array_equal(one.rows, other.rows)
        assert detail.inversions == pytest.approx(expected.inversions, abs=1e-4)
        assert detail.attributions["smooth_grad"] == pytest.approx(
            expected.attributions["smooth_grad"], abs=1e-4
        )
        assert [n.latent for n in detail.by_correlation] == [n.latent for n in expected.by_correlation]
    assert shares == [0.5, 1.0]


def test_purity_and_its_null_are_the_trials_own_scores(bent: FeatureModel, digits: Dataset) -> None:
    train, val = digits.train, digits.val
    tensors = [torch.tensor(a) for a in (train.images, train.labels, val.images, val.labels)]
    measured = measure(bent, *tensors)
    read = ReferenceInputs(measured.activations, bent.hidden, seed=3)
    _, last = latent_purities(measured.top_labels, measured.firing, N_CLASSES)
    null = strongest(DIRECTIONS.compute(read), last)
    own = purity(measured.top_labels, measured.firing, null, N_CLASSES)
    table = feature_table(bent, digits, seed=3)
    assert np.nanmean(table.purity) == pytest.approx(own.value, abs=1e-12)
    assert np.nanmean(table.purity_null) == pytest.approx(own.null, abs=1e-12)
    assert int(np.isnan(table.purity).sum()) == own.left_out + int(table.dead.sum())


def test_random_directions_are_no_purer_than_the_null(digits: Dataset) -> None:
    """Latents that read random directions of the centred h, cut at its mean: nothing is learnt."""
    model = untrained(config_of(width=256), digits.train.images)
    directions = torch.randn(HIDDEN, 256, generator=generator(9))
    model.sae.encoder.copy_(directions / directions.norm(dim=0))
    model.sae.encoder_bias.zero_()
    model.sae.decoder_bias.zero_()
    table = feature_table(model, digits)
    above = table.purity - table.purity_null
    assert np.nanmean(above) < 4 * np.nanstd(above) / 16


@pytest.mark.parametrize("sae", registry.SAES)
@pytest.mark.parametrize("basis", ["raw", "whitened_pca"])
def test_every_kind_is_read_as_its_codes_are(digits: Dataset, sae: str, basis: str) -> None:
    model = untrained(config_of(basis=basis, sae=sae, width=24), digits.train.images)
    x = torch.tensor(digits.val.images)
    chosen = torch.tensor([3, 17])
    u = model.encode(model.hidden(x))[0][:, chosen]
    assert torch.allclose(Reading(model, HIDDEN).of(chosen)(x), u, atol=1e-4, rtol=1e-4)


def test_columns_are_those_of_the_whole_code(bent: FeatureModel, digits: Dataset) -> None:
    u, z = bent.encode(bent.hidden(torch.tensor(digits.val.images)))
    found = observe(bent, digits.val).columns(torch.tensor([7, 2]))
    assert torch.equal(found[0], u[:, [7, 2]])
    assert torch.equal(found[1], z[:, [7, 2]])
