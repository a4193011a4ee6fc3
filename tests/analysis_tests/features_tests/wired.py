"""A world in which everything is known: four classes, each a lit pixel, and latents wired by hand.

Class c lights pixel c to a brightness of 0.5 to 1; pixel 6 is lit in every image, at random. Hidden unit k
reads pixel k. Latent:
    0..3   z = h_c of its class
    4, 5   both read class 1 and write the same direction (unit 4), with different gains
    6      reads class 2 and writes nothing
    7      never fires
    8      always fires, always at 1: dense, and without correlation
    9      reads pixel 6, of which no class knows anything
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from trainables.bases.basis import Basis
from trainables.config import KINDS, TrialConfig
from trainables.data.dataset import Dataset, Split
from trainables.inversion.settings import InversionConfig
from trainables.model.feature_model import FeatureModel
from trainables.networks.network import Network, build_network
from trainables.saes.sparse_autoencoder import SparseAutoencoder
from trainables.seeds import generator

N_CLASSES = 4
HIDDEN, WIDTH = 12, 10
EVERYWHERE = 6
# Pictures need no beauty here.
QUICK = InversionConfig(steps=4, restarts=2)


def split(side: int, n: int, seed: int) -> Split:
    """n images of the world, the classes in turn."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % N_CLASSES
    flat = np.zeros((n, side * side), dtype=np.float32)
    flat[np.arange(n), labels] = rng.uniform(0.5, 1.0, n)
    flat[:, EVERYWHERE] = rng.uniform(0.0, 1.0, n)
    return Split(flat.reshape(n, side, side), labels.astype(np.int64))


def world(side: int = 8) -> Dataset:
    """200 train and 120 val images; test is as small as it can be."""
    return Dataset("wired", split(side, 200, 0), split(side, 120, 1), split(side, 4, 2), N_CLASSES, "wired")


def config_of(
    classifier: str = "mlp", basis: str = "raw", sae: str = "relu", width: int = WIDTH
) -> TrialConfig:
    """A trial of the given kinds, tiny."""
    sections: dict[str, dict[str, object]] = {
        "classifier": {"kind": classifier, "hidden_size": HIDDEN},
        "basis": {"kind": basis},
        "sae": {"kind": sae, "width": width},
    }
    if "components" in KINDS["basis"][basis].model_fields:
        sections["basis"]["components"] = 6
    if "k" in KINDS["sae"][sae].model_fields:
        sections["sae"]["k"] = 3
    return TrialConfig.model_validate(sections)


def untrained(config: TrialConfig, images: np.ndarray, network: Network | None = None) -> FeatureModel:
    """A model of random weights whose basis and SAE are fitted to the images' scale."""
    x = torch.tensor(images)
    shape = (x.shape[1], x.shape[2])
    network = network or build_network(config.classifier, shape, N_CLASSES, generator(0))
    h = network.hidden(x).detach()
    basis: Basis = config.basis.load_implementation().fit(h, config.basis, 0)
    sae: SparseAutoencoder = config.sae.load_implementation()(config.sae, basis.rank)
    sae.initialise(basis.encode(h), generator(2))
    return FeatureModel(network, basis, sae).requires_grad_(False).eval()


def wired(side: int = 8) -> FeatureModel:
    """The model of the module's head."""
    model = untrained(config_of(), world(side).train.images)
    network, sae = model.classifier, model.sae
    identity = torch.eye(HIDDEN)
    layer = network.hidden_layer()
    layer.weight.zero_()
    layer.weight[:, :HIDDEN] = identity
    layer.bias.zero_()
    network.readout_layer().weight.copy_(4.0 * torch.eye(N_CLASSES, HIDDEN))
    network.readout_layer().bias.zero_()
    model.basis.mean.zero_()
    sae.scale.fill_(1.0)
    sae.decoder_bias.zero_()
    sae.encoder.copy_(_columns([0, 1, 2, 3, 1, 1, 2, None, None, EVERYWHERE]))
    sae.encoder[:, 5] *= 2.0
    sae.encoder_bias.zero_()
    sae.encoder_bias[7], sae.encoder_bias[8] = -1.0, 1.0
    sae.decoder.copy_(_columns([0, 1, 2, 3, 4, 4, None, 5, 7, EVERYWHERE]).T)
    return model


def _columns(units: list[int | None]) -> Tensor:
    """(HIDDEN, len(units)): the unit vector of each unit, 0 for None."""
    columns = torch.zeros(HIDDEN, len(units))
    for place, unit in enumerate(units):
        if unit is not None:
            columns[unit, place] = 1.0
    return columns
