"""Members of the panel with known answers: what they encode, how sparsely, what of them is trained."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest
import torch
import torch.nn.functional as F
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

from tests.trainables_tests.confirmation_tests.judged import CONFIG, scored_data, trained
from trainables.config import TrialConfig
from trainables.confirmation import members
from trainables.confirmation.member import PanelMember
from trainables.confirmation.members import FIRST_FOREIGN, RETIRED, panel
from trainables.confirmation.panel.class_means import differences
from trainables.confirmation.rungs import (
    CONTROLS,
    LAST_RUNG,
    PANEL,
    RUNGS,
    SCORED,
    TRAINED_RUNG,
    scored_after,
)
from trainables.confirmation.trained import Trained, twin
from trainables.errors import MemberError
from trainables.metrics.sae_statistics import fvu, l0
from trainables.metrics.splice import accuracy
from trainables.model.feature_model import FeatureModel
from trainables.model.interface import SupportsFeatures
from trainables.sae_training.held import LEAST_COSINE
from trainables.sae_training.train import train_sae
from trainables.validity.floor import NeverTrained


def member(name: str) -> SupportsFeatures:
    return PANEL[name].build(trained())


def features(name: str) -> FeatureModel:
    found = member(name)
    assert isinstance(found, FeatureModel)
    return found


def unexplained(model: SupportsFeatures) -> float:
    h = trained().hidden
    return fvu(h, model.decode(model.encode(h)[1]))


def test_everyone_has_a_rung_of_its_own_that_no_earlier_version_used_otherwise() -> None:
    assert len(set(RUNGS.values())) == len(RUNGS)
    assert {"random_dictionary": 5, "untrained": 6, "pipeline": 2}.items() <= RUNGS.items()
    assert set(RETIRED.values()) == {3, 4}
    assert sorted(SCORED, key=RUNGS.__getitem__) == list(SCORED)
    assert max(RUNGS.values()) == LAST_RUNG
    assert TRAINED_RUNG == 1


def test_scores_follow_each_other_until_the_last() -> None:
    rung, told = TRAINED_RUNG, []
    while rung < LAST_RUNG:
        told.append(scored_after(rung))
        rung = RUNGS[told[-1]]
    assert tuple(told) == SCORED
    assert scored_after(RETIRED["leading_components"]) == "random_dictionary", (
        "of an earlier version's ledger"
    )


@pytest.mark.parametrize("name", CONTROLS)
def test_every_member_has_the_l0_of_the_pipeline(name: str) -> None:
    model = member(name)
    h = model.hidden(trained().images)
    u, z = model.encode(h)
    assert u.shape == z.shape
    assert bool((z >= 0).all())
    # Fewer where a code is not above 0, as of the k largest projections it need not be.
    assert 0.6 * trained().k <= l0(z) <= trained().k
    assert torch.equal(model.encode(h[:7])[1], z[:7]) or torch.allclose(
        model.encode(h[:7])[1], z[:7], atol=1e-5
    )


def test_the_l0_does_not_hang_on_the_kind_of_the_trial() -> None:
    """A ReLU SAE has no k, yet its controls keep to its L0."""
    sae = {"kind": "relu", "width": 32, "l1": 0.5, "epochs": 2, "kmeans_start": True, "datapoint_init": 0.5}
    config = TrialConfig.model_validate(CONFIG.model_dump() | {"sae": sae})
    found = Trained(
        config, trained().model, trained().stages, trained().images, trained().labels, 10, "", 6.4
    ).sae_config()
    assert (found.kind, found.k, found.epochs) == ("topk", 6, 2)
    assert not found.kmeans_start
    assert found.datapoint_init == 0, "a random start, whatever the trial's was"


def first_sae() -> torch.Tensor:
    """The decoder that all held SAEs begin with."""
    y = trained().model.basis.encode(trained().hidden)
    config = trained().sae_config()
    return train_sae(config, y, epochs=0, seed=trained().stages.seed("sae"), device="cpu").sae.decoder


def test_a_random_dictionary_keeps_its_first_directions_and_learns_the_rest() -> None:
    control = features("random_dictionary").sae
    assert torch.allclose(control.decoder, first_sae(), atol=1e-6)
    assert not torch.allclose(F.normalize(control.encoder.T, dim=1), first_sae(), atol=1e-2)


def test_a_soft_frozen_decoder_turns_but_stays_near() -> None:
    cosine = (features("soft_frozen_decoder").sae.decoder * first_sae()).sum(dim=1)
    assert LEAST_COSINE - 1e-5 <= float(cosine.min()) < 0.999
    assert unexplained(features("soft_frozen_decoder")) < unexplained(features("random_dictionary"))


def test_a_frozen_encoder_keeps_its_first_columns_and_learns_the_decoder() -> None:
    control = features("frozen_encoder").sae
    assert torch.allclose(F.normalize(control.encoder.T, dim=1), first_sae(), atol=1e-5)
    assert not torch.allclose(control.decoder, first_sae(), atol=1e-2)


def test_learning_all_of_it_pays() -> None:
    own = unexplained(trained().model)
    assert own < min(unexplained(features(name)) for name in ("random_dictionary", "frozen_encoder"))


def test_pca_is_sklearns() -> None:
    h, k = trained().hidden, trained().k
    model = member("pca")
    u, z = model.encode(h)
    oracle = PCA(svd_solver="full").fit(h.double().numpy())
    projected = (
        torch.from_numpy(oracle.transform(h.double().numpy())).abs().sort(dim=1, descending=True).values
    )
    assert torch.allclose(z.double().sort(dim=1, descending=True).values[:, :k], projected[:, :k], atol=1e-4)
    assert u.shape[1] == 2 * h.shape[1]
    assert 0 < unexplained(model) < 1


def test_kmeans_centres_cluster_as_well_as_sklearns() -> None:
    model = member("kmeans")
    assert isinstance(model, NeverTrained)
    h = trained().hidden
    centred = F.normalize(h - h.mean(dim=0), dim=1)
    oracle = KMeans(trained().width, n_init=4, random_state=0).fit((h - h.mean(dim=0)).numpy())
    centres = F.normalize(torch.from_numpy(oracle.cluster_centers_).float(), dim=1)
    assert model.rows.shape == centres.shape
    own, other = ((centred @ rows.T).amax(dim=1).mean() for rows in (model.rows, centres))
    assert float(own) == pytest.approx(float(other), abs=0.01)


def test_data_points_are_train_images_and_neurons_single_units() -> None:
    h = trained().hidden
    points, units = member("data_points"), member("neurons")
    assert isinstance(points, NeverTrained)
    assert isinstance(units, NeverTrained)
    centred = F.normalize(h - h.mean(dim=0), dim=1)
    assert torch.allclose((points.rows @ centred.T).amax(dim=1), torch.ones(trained().width), atol=1e-5)
    assert torch.equal(units.rows, torch.eye(h.shape[1]))
    assert torch.allclose(units.encode(h)[0], h - h.mean(dim=0), atol=1e-5)


def test_differences_of_class_means_by_hand() -> None:
    h = torch.tensor([[1.0, 0.0], [3.0, 0.0], [0.0, 4.0]])
    rows = differences(h, torch.tensor([0, 0, 2]), n_classes=3)
    between = F.normalize(torch.tensor([[2.0, -4.0]]), dim=1)
    assert torch.allclose(rows, torch.cat([between, -between, between, -between]))
    assert [name for name, found in PANEL.items() if found.is_ceiling] == ["class_means"]


def test_the_untrained_control_knows_no_digit() -> None:
    control = features("untrained")
    images, labels = scored_data().val.images, scored_data().val.labels
    assert accuracy(control.head(control.hidden(images)), labels) < 0.3
    assert accuracy(trained().model.head(trained().model.hidden(images)), labels) > 0.5
    again = features("untrained")
    for name, tensor in control.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name]), name


def test_a_twin_differs_in_its_sae_alone() -> None:
    other = twin(trained())
    assert other.classifier is trained().model.classifier
    assert other.basis is trained().model.basis
    assert not torch.equal(other.sae.decoder, trained().model.sae.decoder)


FOREIGN = PanelMember("ours", FIRST_FOREIGN, "ours", PANEL["pca"].build)
CLASHING = PanelMember("theirs", 9, "theirs", PANEL["pca"].build)


def installed(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    point = EntryPoint("x", f"{__name__}:{name}", members.GROUP)
    monkeypatch.setattr(members, "entry_points", lambda group: [point] if group == members.GROUP else [])


def test_a_member_from_outside_joins_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, "FOREIGN")
    assert list(panel()) == [*CONTROLS, "ours"]


@pytest.mark.parametrize(
    ("name", "fault"), [("CLASHING", "rung 9 must be its own"), ("CONTROLS", "must be a")]
)
def test_one_that_takes_a_place_or_is_none_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, fault: str
) -> None:
    installed(monkeypatch, name)
    with pytest.raises(MemberError, match=fault):
        panel()
