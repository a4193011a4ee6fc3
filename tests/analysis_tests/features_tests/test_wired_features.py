"""Latents wired by hand are told as they are."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.features.collect import feature_table
from analysis.features.feature import NO_CLASS, FeatureDetail, FeatureTable
from tests.analysis_tests.features_tests.wired import EVERYWHERE, N_CLASSES, wired, world

Seen = tuple[FeatureTable, list[FeatureDetail]]
DEAD, DENSE, WRITES_NOTHING, JUNK = 7, 8, 6, 9
SINGLE = (0, 1, 2, 3)


def at(table: FeatureTable, pixel: int) -> tuple[int, int]:
    return (pixel // table.image_shape[1], pixel % table.image_shape[1])


def test_a_latent_of_one_class_is_pure_and_named_after_it(seen: Seen) -> None:
    table, details = seen
    for c in SINGLE:
        assert details[c].class_given_active.tolist() == np.eye(N_CLASSES)[c].tolist()
        assert table.purity[c] == 1.0
        assert table.purity_null[c] < 1.0
        assert table.top_class[c] == c
        assert table.density[c] == 0.25
        assert table.labels[c] == f"fires on {c}"
        assert set(details[c].top.labels) == {c}


def test_template_mean_image_and_gradients_lie_on_the_pixel_that_is_read(seen: Seen) -> None:
    table, details = seen
    for c in SINGLE:
        template = table.templates[c]
        assert template[at(table, c)] == pytest.approx(0.25, abs=0.06)
        assert np.count_nonzero(template) == 1
        own = table.mean_images[c].copy()
        assert own[at(table, c)] > 0.7
        own[at(table, c)] = own[at(table, EVERYWHERE)] = 0
        assert not own.any()
        for method in ("gradient", "smooth_grad", "integrated_gradients"):
            for values in details[c].attributions[method]:
                assert np.flatnonzero(values).tolist() == [c], method
        assert np.allclose(details[c].attributions["gradient"].max(axis=(1, 2)), 1.0)


def test_occlusion_reaches_no_further_than_a_patch(seen: Seen) -> None:
    _, details = seen
    for values in details[0].attributions["occlusion"]:
        assert values[0, 0] > 0
        assert not values[4:].any()
        assert not values[:, 4:].any()


def test_ablation_equals_the_weights_through_a_linear_head(seen: Seen) -> None:
    table, details = seen
    for j, detail in enumerate(details):
        assert detail.effect_ablation == pytest.approx(detail.effect_weights, abs=1e-5)
        assert table.ablation_effect[j] == pytest.approx(np.abs(detail.effect_ablation).max(), rel=1e-6)
    for c in SINGLE:
        expected = np.zeros(N_CLASSES)
        expected[c] = 4.0 * table.mean_activation[c]
        assert details[c].effect_ablation == pytest.approx(expected, rel=1e-5)


def test_without_the_latent_its_class_is_lost(seen: Seen) -> None:
    _, details = seen
    # All logits are then 0 and the first class wins: only class 0 is told rightly still.
    assert [details[c].ablation_accuracy for c in SINGLE] == [0.0, -1.0, -1.0, -1.0]


def test_a_latent_that_writes_nothing_has_no_effect_and_no_cosine(seen: Seen) -> None:
    table, details = seen
    silent = details[WRITES_NOTHING]
    assert not silent.effect_ablation.any()
    assert not silent.effect_weights.any()
    assert silent.ablation_accuracy == 0.0
    assert table.ablation_effect[WRITES_NOTHING] == 0.0
    assert not table.templates[WRITES_NOTHING].any()
    assert silent.by_cosine == ()
    assert silent.by_correlation[0].latent == 2
    assert silent.by_correlation[0].value == pytest.approx(1.0)
    assert WRITES_NOTHING not in {n.latent for detail in details for n in detail.by_cosine}


def test_equal_decoder_rows_are_nearest_and_what_fires_together_correlates(seen: Seen) -> None:
    _, details = seen
    assert (details[4].by_cosine[0].latent, details[4].by_cosine[0].value) == (5, 1.0)
    assert (details[5].by_cosine[0].latent, details[5].by_cosine[0].value) == (4, 1.0)
    together = {n.latent: n.value for n in details[1].by_correlation}
    assert together[4] == together[5] == pytest.approx(1.0)
    assert all(n.latent != j for j, d in enumerate(details) for n in (*d.by_cosine, *d.by_correlation))


def test_a_constant_code_correlates_with_nothing(seen: Seen) -> None:
    table, details = seen
    assert table.dense[DENSE]
    assert table.density[DENSE] == 1.0
    assert table.labels[DENSE] == "fires on most images"
    assert details[DENSE].by_correlation == ()
    assert not {DENSE, DEAD} & {n.latent for detail in details for n in detail.by_correlation}


def test_a_dead_latent_has_a_detail_of_nothing(seen: Seen) -> None:
    table, details = seen
    dead = details[DEAD]
    assert table.dead.tolist() == [j == DEAD for j in range(len(table))]
    assert table.labels[DEAD] == "never fires"
    assert table.top_class[DEAD] == NO_CLASS
    assert np.isnan(table.purity[DEAD])
    assert np.isnan(table.purity_null[DEAD])
    assert [len(x) for x in (dead.top, dead.random_active, dead.near_misses)] == [0, 0, 0]
    assert {m.shape for m in dead.attributions.values()} == {(0, *table.image_shape)}
    assert dead.stroke_masks.shape == (0, *table.image_shape)
    assert [i.share for i in dead.intervals] == [0.0] * 5
    assert dead.inversions.shape == (1, *table.image_shape)
    assert not dead.inversions.any()
    assert dead.inversion_activations.tolist() == [dead.best_activation] == [0.0]
    assert not dead.dose.logits.any()
    assert not dead.histogram.any()
    assert not dead.class_given_active.any()
    assert not dead.effect_ablation.any()
    assert table.max_activation[DEAD] == table.mean_activation[DEAD] == table.density[DEAD] == 0.0
    assert not table.mean_images[DEAD].any()


def test_a_latent_that_no_class_explains_is_called_mixed_and_is_no_purer_than_chance(seen: Seen) -> None:
    table, details = seen
    assert np.allclose(details[JUNK].class_given_active, 0.25, atol=0.02)
    # It fires on all images, if only faintly.
    assert table.labels[JUNK] == "fires on most images"
    assert table.purity[JUNK] < 0.5


def test_near_misses_are_silent_images_of_its_class_nearest_to_firing(seen: Seen) -> None:
    _, details = seen
    # Every image of the class fires.
    assert len(details[3].near_misses) == 0
    assert all(len(d.near_misses) == 0 for d in details)


def test_the_best_image_is_the_first_and_the_histogram_counts_every_firing(seen: Seen) -> None:
    table, details = seen
    for j, detail in enumerate(details):
        n_active = round(table.density[j] * table.n_images)
        assert detail.histogram.sum() == n_active
        assert detail.histogram.shape == (N_CLASSES, 40)
        assert detail.edges.shape == (41,)
        assert detail.edges[-1] == detail.best_activation == table.max_activation[j]
        if n_active:
            assert detail.top.activations[0] == table.max_activation[j]
            assert sum(i.share for i in detail.intervals) == pytest.approx(1.0)
            assert (np.diff(detail.top.activations) <= 0).all()
            assert len(detail.top) == min(16, n_active)
            assert len(detail.random_active) == min(8, n_active)


def test_everything_shown_lies_where_it_is_said_to(seen: Seen) -> None:
    _, details = seen
    for detail in details:
        for interval in detail.intervals:
            codes = interval.examples.activations
            assert ((codes > interval.low - 1e-6) & (codes <= interval.high + 1e-6)).all()
            assert (len(codes) > 0) == (interval.share > 0)
        assert (detail.random_active.activations > 0).all()


def test_a_dense_latent_is_named_after_the_class_that_drives_it_most() -> None:
    model = wired()
    # Fires on everything at about 0.1, and on its class ten times as much.
    model.sae.encoder_bias[2] = 0.1
    table = feature_table(model, world())
    assert table.dense[2]
    assert table.top_class[2] == 2
    assert table.purity[2] == 1.0
    assert table.labels[2] == "strongest on 2"
