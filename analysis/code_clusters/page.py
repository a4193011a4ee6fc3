"""The page about clusters of codes."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from analysis.code_clusters.cluster import NULL_DRAWS, ClassSplit, CodeClusters
from analysis.code_clusters.find import find_clusters
from analysis.code_clusters.stored_means import stored_means
from analysis.code_clusters.views import ClusterView, ViewMaker
from analysis.features.collect import feature_table
from analysis.features.observed import observe, split_of
from analysis.load import Run
from analysis.pages.gallery_link import gallery_link
from analysis.pages.page import render, write_page
from analysis.pages.tile_sheet import TileSheet
from trainables.data.dataset import Split
from trainables.metrics.probe import probe_rows


@dataclass(frozen=True)
class ClassView:
    """A class, its clusters as shown, and the verdict in words."""

    split: ClassSplit
    name: str
    verdict: str
    clusters: tuple[ClusterView, ...]


def clusters_page(
    run: Run,
    number: int,
    *,
    split: str = "val",
    out: Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Path:
    """Write `index.html` into `out`, by default `clusters/NNNN` in the run; returns its path.

    Raises what `Run.model` and `Run.data` raise, DiskError if the page cannot be written.
    """
    model = run.model(number)
    progress("reading images")
    data = run.data()
    record = run.history.trials[number]
    features = model.features
    stored = stored_means(
        run.path / "trials" / record.folder, model.meta.get("identity"), len(features.sae.decoder)
    )
    rows = probe_rows(len(data.train)).numpy()
    train = observe(features, Split(data.train.images[rows], data.train.labels[rows]))
    seen = observe(features, split_of(data, split))
    progress("finding clusters")
    found = find_clusters(train, seen, split=split, n_classes=data.n_classes, stored_means=stored)
    progress("looking at the latents")
    table = feature_table(features, data, split=split)
    sheets = TileSheet("pictures"), TileSheet("digits")
    maker = ViewMaker(table, *sheets)
    place = shlex.quote(os.path.relpath(run.path))
    page_folder = out or run.path / "clusters" / record.folder
    html = render(
        "clusters.html",
        gallery=gallery_link(run.path, record.folder, page_folder),
        record=record,
        found=found,
        null_draws=NULL_DRAWS,
        split=split,
        class_names=table.class_names,
        clusters=tuple(maker.view(cluster) for cluster in found.clusters),
        classes=tuple(_class_view(part, maker) for part in found.classes),
        summary=summary(found, record.metrics.get("cluster/raw_ari")),
        sheets_of_page=tuple(sheet for sheet in sheets if len(sheet)),
        again=(("train the trial again", f"python search/run.py --reproduce {place} {number}"),),
        run_name=run.name,
        question=run.study.question if run.study else None,
        command=f"python analysis/clusters.py {place} --trial {number} --split {split}",
        info=run.info,
    )
    path = page_folder / "index.html"
    write_page(path, html)
    return path


# So far above chance a silhouette is seen in the pictures too.
_PLAIN = 0.05
# Adjusted Rand index from which on clusters and classes are said to agree in this way.
_AGREEMENT = ((0.75, "closely"), (0.4, "in part"), (0.1, "weakly"), (-1.0, "hardly more than by chance"))


def summary(found: CodeClusters, hidden_ari: float | None) -> str:
    """How far clusters and classes agree, and what the hidden layer itself gives."""
    how = next(words for least, words in _AGREEMENT if found.ari >= least)
    text = (
        f"Cut into {found.n_classes} clusters over all {found.n_images} images, the codes agree with the "
        f"{found.n_classes} classes {how}: adjusted Rand index {found.ari:.2f}, where 0 is chance and 1 is "
        "perfect agreement"
    )
    if hidden_ari is not None:
        text += f"; clusters of the hidden layer itself reach {hidden_ari:.2f}"
    split = [part for part in found.classes if part.is_clear]
    return (
        f"{text}. Inside {len(split)} of the {len(found.classes)} classes they fall into kinds more than "
        "they would if latents fired independently of each other."
    )


def _class_view(part: ClassSplit, maker: ViewMaker) -> ClassView:
    return ClassView(
        part,
        maker.class_name(part.label),
        _verdict(part),
        tuple(maker.view(cluster) for cluster in part.clusters),
    )


def _verdict(part: ClassSplit) -> str:
    if not part.is_clear:
        return "no kinds beyond chance"
    return "separate kinds" if part.silhouette > part.chance + _PLAIN else "hardly separate kinds"
