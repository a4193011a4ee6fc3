"""The page that holds two trials against each other."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

from analysis.comparison.latents_view import LatentsView, latents_view
from analysis.comparison.same_images import in_words
from analysis.comparison.settings import MetricRow, differing_settings, metric_rows
from analysis.comparison.sides import Side
from analysis.comparison.texts import metric_text, setting_text
from analysis.pages.gallery_link import gallery_link
from analysis.pages.page import render, write_page
from search.formatting import count


def compare_page(
    first: Side,
    second: Side,
    *,
    out: Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Path:
    """Write `index.html` into `out`, by default `compare/A-B` in the first side's run; returns its path.

    Raises what `Run.data` raises if the images are not there, DiskError if the page cannot be written.
    """
    progress("reading images")
    latents, refusal = _latents(first, second, progress)
    settings, same = differing_settings(first, second)
    metrics = metric_rows(first, second)
    folder = out or first.run.path / "compare" / _folder(first, second)
    html = render(
        "compare.html",
        galleries=[gallery_link(side.run.path, side.record.folder, folder) for side in (first, second)],
        sides=(first, second),
        settings=[setting_text(row) for row in settings],
        same_settings=same,
        key_metrics=[metric_text(row) for row in metrics if row.is_key],
        other_metrics=[metric_text(row) for row in metrics if not row.is_key],
        verdict=verdict([row for row in metrics if row.is_key], first, second),
        latents=latents,
        refusal=refusal,
        in_words=in_words,
        findings=() if latents is None else findings(latents, first, second),
        again=_again(first, second),
        run_name=first.run.name,
        question=first.run.study.question if first.run.study else None,
        command=f"python analysis/compare.py {' '.join(_places(first, second))}",
        info=first.run.info,
    )
    write_page(folder / "index.html", html)
    return folder / "index.html"


def verdict(rows: Sequence[MetricRow], first: Side, second: Side) -> str:
    """Which side is ahead in which of the metrics that the search wished for."""
    ahead = {side: [row.name for row in rows if row.better == side] for side in ("first", "second")}
    parts = [
        f"{side.name} is ahead in {' and '.join(ahead[key])}"
        for key, side in (("first", first), ("second", second))
        if ahead[key]
    ]
    if not parts:
        return "Neither is ahead in what the search was asked for."
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def findings(view: LatentsView, first: Side, second: Side) -> tuple[str, ...]:
    """What the matching says, in sentences."""
    found, likeness = view.matching, "cosine" if view.matching.method == "decoder" else "correlation"
    also = " and correlated beyond sharing a class" if found.method == "decoder" else ""
    alive = [
        side.model.features.sae.decoder.shape[0] - silent
        for side, silent in zip((first, second), found.silent, strict=True)
    ]
    pairs = f"{count(len(found.pairs), 'pair')} of latents {'is' if len(found.pairs) == 1 else 'are'}"
    sentences = [
        f"{pairs} more alike than chance ({likeness} above {found.threshold:.2f}{also}), "
        f"out of {alive[0]} latents of {first.name} and {alive[1]} of {second.name} that fire "
        f"on the {view.n_images} {view.split} images.",
        f"Over all matched latents the mean {likeness} is {found.mean:.2f}; by chance it would be "
        f"{found.chance_mean:.2f}.",
    ]
    same = sum(pair.first == pair.second for pair in found.pairs)
    if found.method == "decoder" and same > len(found.pairs) / 10:
        sentences.append(f"{same} of the pairs have one number: both SAEs started from the same directions.")
    if any(found.silent):
        sentences.append(
            f"{found.silent[0]} and {found.silent[1]} latents of the two fire on none of these images."
        )
    return tuple(sentences)


def _latents(
    first: Side, second: Side, progress: Callable[[str], None]
) -> tuple[LatentsView | None, str | None]:
    """The latents, or why they cannot be held against each other."""
    data = first.run.data()
    if first.run.path != second.run.path:
        other = second.run.data()
        if other.key != data.key:
            return None, (
                f"The runs saw different images ({_named(data.name, len(data.train))} and "
                f"{_named(other.name, len(other.train))}). Latents are matched on the same images only, and "
                "the scores below were measured on different ones."
            )
    return latents_view(first, second, data, progress=progress), None


def _named(name: str, images: int) -> str:
    return f"{name}, {images} train images"


def _folder(first: Side, second: Side) -> str:
    if first.run.path == second.run.path:
        return f"{first.record.folder}-{second.record.folder}"
    return f"{first.record.folder}-{second.run.name}-{second.record.folder}"


def _places(first: Side, second: Side) -> list[str]:
    """RUN:TRIAL of both, quoted, as typed where the page was made."""
    return [shlex.quote(f"{os.path.relpath(side.run.path)}:{side.record.number}") for side in (first, second)]


def _again(first: Side, second: Side) -> tuple[tuple[str, str], ...]:
    """What trains each side again."""
    return tuple(
        (f"train {side.name} again", f"python search/run.py --reproduce {run} {side.record.number}")
        for side in (first, second)
        for run in [shlex.quote(os.path.relpath(side.run.path))]
    )
