"""The table of all latents of a trial."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.features.feature import FeatureTable
from analysis.features.label import automatic_label
from analysis.features.observed import observe, split_of
from analysis.features.split_sums import SplitSums
from analysis.features.train_statistics import train_statistics
from analysis.features.verdicts import verdicts
from trainables.data.dataset import Dataset
from trainables.model.feature_model import FeatureModel
from trainables.pictures.decoder_pictures import templates

# Enough for the mean Jacobian of the hidden layer, see `decoder_pictures`.
TEMPLATE_IMAGES = 512


def feature_table(
    model: FeatureModel,
    data: Dataset,
    *,
    split: str = "val",
    class_names: Sequence[str] | None = None,
    seed: int = 0,
) -> FeatureTable:
    """Every latent of `model`, looked at on the given split of `data` ("train", "val" or "test").

    Classes have the names that `data` knows, or numbers, unless `class_names` says more. `seed` decides the
    random directions of the purity's null, see `train_statistics`; the same arguments give the same table.
    Memory is that of the images, of h (n, d) and of a few (f, h, w). ValueError for another split or number
    of names.
    """
    names = _class_names(class_names or data.class_names or None, data.n_classes)
    observed = observe(model, split_of(data, split))
    train = observed if split == "train" else observe(model, data.train)
    on_train = train_statistics(train, data.n_classes, seed)
    sums = SplitSums(observed, data.n_classes)
    pictures = templates(model, observed.images[observed.sample(TEMPLATE_IMAGES, seed)])
    return FeatureTable(
        split=split,
        n_images=len(observed),
        n_classes=data.n_classes,
        class_names=names,
        image_shape=data.image_shape,
        density=(sums.firing / max(1, len(observed))).cpu().numpy(),
        max_activation=sums.largest.cpu().numpy(),
        mean_activation=sums.mean_activation().cpu().numpy(),
        purity=on_train.purity,
        purity_null=on_train.purity_null,
        top_class=sums.strongest_class(),
        ablation_effect=sums.measured.mean_contributions().abs().amax(dim=1).cpu().numpy(),
        dead=on_train.dead,
        dense=on_train.dense,
        templates=pictures.cpu().numpy(),
        mean_images=sums.mean_images().cpu().numpy(),
        strongest_images=sums.strongest_images().cpu().numpy(),
        labels=tuple(
            automatic_label(shares, names, dead=bool(dead), dense=bool(dense), strongest=int(strongest))
            for shares, dead, dense, strongest in zip(
                sums.class_given_active(), on_train.dead, on_train.dense, on_train.pure_class, strict=True
            )
        ),
        verdicts=verdicts(observed, train, seed),
    )


def _class_names(given: Sequence[str] | None, n_classes: int) -> tuple[str, ...]:
    names = tuple(map(str, range(n_classes))) if given is None else tuple(given)
    if len(names) != n_classes:
        raise ValueError(f"{len(names)} class names for {n_classes} classes")
    return names
