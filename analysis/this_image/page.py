"""The page that computes a trial's codes for any image of the run, and for one that is drawn on it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from analysis.export_formats.folded import fold
from analysis.export_formats.rules import Rule, TopK
from analysis.features.collect import feature_table
from analysis.features.feature import FeatureTable
from analysis.load import Run
from analysis.pages.gallery_link import gallery_link
from analysis.pages.page import data_uri, render, write_page
from analysis.this_image.program import hidden_program, packed
from trainables.data.dataset import Dataset, Split
from trainables.model.feature_model import FeatureModel
from trainables.pictures.sprite import png, tiled

# Of each class, of the split that is looked at.
EXAMPLES = 3
COLUMNS = 32


def image_page(
    run: Run,
    number: int,
    *,
    split: str = "val",
    out: Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Path:
    """Write `index.html` into `out`, by default `image/NNNN` in the run; returns its path.

    Raises what `Run.model` and `Run.data` raise, SpaceError for a network or an SAE that the page cannot
    compute, DiskError if it cannot be written.
    """
    model, record = run.model(number), run.history.trials[number]
    progress("reading images")
    data = run.data()
    progress("looking at the latents")
    table = feature_table(model.features, data, split=split)
    folder = out or run.path / "image" / record.folder
    place = shlex.quote(os.path.relpath(run.path))
    html = render(
        "image.html",
        model=browser_model(model.features, data, table, split),
        pictures=mean_pictures(table),
        record=record,
        split=split,
        gallery=gallery_link(run.path, record.folder, folder),
        run_name=run.name,
        question=run.study.question if run.study else None,
        command=f"python analysis/image.py {place} --trial {number} --split {split}",
        info=run.info,
    )
    write_page(folder / "index.html", html)
    return folder / "index.html"


@torch.no_grad()
def browser_model(
    features: FeatureModel, data: Dataset, table: FeatureTable, split: str = "val"
) -> dict[str, object]:
    """All that image.js needs: the steps of the network, the folded SAE, the head, images, names."""
    features = features.cpu()
    folded, readout = fold(features), features.classifier.readout_layer()
    shown: Split = getattr(data, split)
    rows = _examples(shown, data.n_classes)
    return {
        "shape": list(data.image_shape),
        "steps": hidden_program(features.classifier),
        "sae": {name: packed(tensor) for name, tensor in folded.tensors().items()},
        "rule": _rule(folded.rule),
        "latents": len(folded.encoder_bias),
        "readout": packed(readout.weight),
        "readout_bias": packed(torch.zeros(data.n_classes) if readout.bias is None else readout.bias),
        "classes": list(table.class_names),
        "images": [packed(torch.from_numpy(shown.images[row].copy())) for row in rows],
        "image_labels": [int(shown.labels[row]) for row in rows],
        "image_rows": [int(row) for row in rows],
        "labels": list(table.labels),
        "columns": COLUMNS,
    }


def mean_pictures(table: FeatureTable) -> str:
    """The latents' mean images as one sheet in a data: address, COLUMNS in a row."""
    return data_uri(png(tiled(255 - _grey(table.mean_images), COLUMNS)))


def _rule(rule: Rule) -> dict[str, object]:
    return {"name": rule.name, "k": rule.k} if isinstance(rule, TopK) else {"name": rule.name}


def _examples(split: Split, n_classes: int) -> list[int]:
    """The first few rows of every class, class after class."""
    found: list[int] = []
    for label in range(n_classes):
        found += np.flatnonzero(split.labels == label)[:EXAMPLES].tolist()
    return found


def _grey(images: np.ndarray) -> np.ndarray:
    """uint8 (f, h, w) of images (f, h, w) >= 0, each scaled to its own brightest pixel."""
    brightest = images.max(axis=(1, 2), keepdims=True)
    return (255 * images / np.where(brightest > 0, brightest, 1)).round().astype(np.uint8)
