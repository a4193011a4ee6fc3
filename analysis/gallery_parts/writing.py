"""A gallery on disk: a folder of linked pages for one trial, or one file of all.

    RUN/gallery/index.html                      links the trials
    RUN/gallery/NNNN/index.html                 contact sheet of the trial's latents
    RUN/gallery/NNNN/f/0137.html                one page a latent, complete without scripts
    RUN/gallery/NNNN/f/0137-*.webp              its pictures: digits, and signed maps
    RUN/gallery/NNNN/look/, *.webp              what the pages share
    RUN/gallery/NNNN/features.parquet           the figures of all latents, one row each
    RUN/gallery/NNNN/contact_sheet.png, class_*.png

Every file appears whole or not at all, index.html last, so that a gallery cut short has none.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.features.feature import FeatureDetail, FeatureTable
from analysis.features.frame import feature_frame
from analysis.gallery_parts.exhibits import exhibit, exhibited
from analysis.gallery_parts.feature_view import FeatureView, feature_view
from analysis.gallery_parts.index_view import index_view, strip, strongest_sheet, templates_sheet
from analysis.gallery_parts.paper_sheets import all_latents, chosen_for_class, class_sheet, file_name
from analysis.gallery_parts.trial_view import TrialView
from analysis.pages.page import data_uri, linked_files, render, write_page
from search.disk import write_bytes

STRIP = "strip.webp"
TEMPLATES = "templates.webp"
STRONGEST = "strongest.webp"
FEATURES = "features.parquet"
PARTS = ("gallery_index", "gallery_feature")


@dataclass(frozen=True)
class Gallery:
    """What every page of a trial's gallery says of its surroundings."""

    run_name: str
    question: str
    command: str
    info: Mapping[str, Any]
    trial: TrialView

    def context(self) -> dict[str, Any]:
        """What every template is given, as `render` takes it."""
        names = ("run_name", "question", "command", "info", "trial")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class LinkedSheet:
    """A picture as a page names it."""

    href: str
    width: int
    height: int


def page_of(latent: int) -> str:
    """File of a latent's page inside f/."""
    return f"{latent:04d}.html"


def write_folder(
    gallery: Gallery, table: FeatureTable, details: Iterable[FeatureDetail], folder: Path
) -> Path:
    """Write the pages of all `details`, which must be those of all latents by number; returns index.html.

    Memory is that of the latents on the class sheets, not of all details. DiskError if it cannot be written.
    """
    for name, text in linked_files(PARTS).items():
        write_bytes(folder / "look" / name, text.encode("utf-8"))
    shown = exhibited(table, range(len(table)))
    sentences: dict[int, str] = {}
    by_class = {label: chosen_for_class(table, label) for label in range(table.n_classes)}
    wanted = {latent for latents in by_class.values() for latent in latents}
    kept: dict[int, FeatureDetail] = {}
    for detail in details:
        view = feature_view(table, detail)
        _write_feature(gallery, table, view, folder / "f")
        sentences[detail.latent] = view.sentence
        if detail.latent in wanted:
            kept[detail.latent] = detail
    features = io.BytesIO()
    feature_frame(table, sentences).to_parquet(features)
    write_bytes(folder / FEATURES, features.getvalue())
    pictures = _write_pictures(table, by_class, kept, folder)
    sheets = {TEMPLATES: templates_sheet(table), STRONGEST: strongest_sheet(table)}
    for name, sheet in sheets.items():
        write_bytes(folder / name, sheet.data)
    write_bytes(folder / STRIP, strip(table).data)
    html = render(
        "gallery_index.html",
        parts=PARTS,
        linked="look",
        index=index_view(table),
        address=lambda latent: f"f/{page_of(latent)}",
        exhibits=[exhibit(table, j, sentences[j]) for j in shown if j in sentences],
        sheets=[LinkedSheet(name, sheet.width, sheet.height) for name, sheet in sheets.items()],
        pictures=pictures,
        **gallery.context(),
    )
    write_page(folder / "index.html", html)
    return folder / "index.html"


def write_single_file(
    gallery: Gallery, table: FeatureTable, details: Iterable[FeatureDetail], path: Path
) -> Path:
    """One page with everything in it: the whole contact sheet, then the features of `details`."""
    views = [feature_view(table, detail) for detail in details]
    held = {view.latent for view in views}
    sentences = {view.latent: view.sentence for view in views}
    sheets = [templates_sheet(table), strongest_sheet(table)]
    html = render(
        "gallery_single.html",
        parts=PARTS,
        index=index_view(table),
        address=lambda latent: f"#f={latent}" if latent in held else "",
        exhibits=[exhibit(table, j, sentences[j]) for j in exhibited(table, held)],
        sheets=[LinkedSheet(data_uri(sheet.data, "webp"), sheet.width, sheet.height) for sheet in sheets],
        views=views,
        picture=lambda view, name: data_uri(getattr(view, name).data, "webp"),
        split=table.split,
        n_classes=table.n_classes,
        **gallery.context(),
    )
    write_page(path, html)
    return path


def _write_feature(gallery: Gallery, table: FeatureTable, view: FeatureView, folder: Path) -> None:
    j = view.latent
    for name in ("digits", "maps"):
        write_bytes(folder / _picture_of(view, name), getattr(view, name).data)
    html = render(
        "gallery_feature.html",
        parts=PARTS,
        linked="../look",
        view=view,
        picture=_picture_of,
        split=table.split,
        n_classes=table.n_classes,
        address=page_of,
        before=page_of(j - 1) if j > 0 else None,
        after=page_of(j + 1) if j + 1 < len(table) else None,
        here=page_of(j),
        **gallery.context(),
    )
    write_page(folder / page_of(j), html)


def _picture_of(view: FeatureView, name: str) -> str:
    """File of its sheet of digits or of maps, beside its page."""
    return f"{view.latent:04d}-{name}.webp"


def _write_pictures(
    table: FeatureTable,
    by_class: Mapping[int, list[int]],
    details: Mapping[int, FeatureDetail],
    folder: Path,
) -> list[tuple[str, str]]:
    """Contact sheets as files; returns (file, name) of each."""
    write_bytes(folder / "contact_sheet.png", all_latents(table))
    written = [("contact_sheet.png", "all latents")]
    for label, chosen in by_class.items():
        latents = [latent for latent in chosen if latent in details]
        if latents:
            name = file_name(table, label)
            write_bytes(folder / name, class_sheet(table, latents, details))
            written.append((name, f"class {table.class_names[label]}"))
    return written
