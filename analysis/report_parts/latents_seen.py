"""The default and the best side by side, in the pictures that their workers left: before and after."""

from __future__ import annotations

from analysis.report_parts.blocks import Photo, Photos, Section, code, say
from analysis.report_parts.outlook import Outlook
from search.ledger.history import TrialRecord
from trainables.pictures.picture_files import ATTRIBUTIONS

PNG = b"\x89PNG\r\n\x1a\n"
MOST_BYTES = 2_000_000


def latents_seen(outlook: Outlook) -> Section | None:
    """None unless the best trial has its picture; alone where the default is the best, or has none."""
    ranked = outlook.leaderboard.ranked
    if not outlook.study.is_search or not ranked:
        return None
    best, default = ranked[0], outlook.default
    photo = _photo(outlook, best, "the best")
    if photo is None:
        return None
    photos = [photo]
    if default is not None and default is not best:
        before = _photo(outlook, default, "the default")
        photos = photos if before is None else [before, photo]
    text = (
        "The latents that write most into the hidden layer, one a row: the direction that each writes, then "
        "the validation images on which it fires most, under the gradient of its pre-activation (orange "
        "raises it, blue lowers it). Hoped for: rows of one kind of image each, with colour on its strokes. "
    )
    command = f"python analysis/compare.py {outlook.run_as_typed}"
    more = ("On the same images: ", code(command), ".") if len(photos) > 1 else ()
    return Section(
        "latents", "What the latents look like", (Photos(tuple(photos)), say(text, *more, kind="note"))
    )


def _photo(outlook: Outlook, trial: TrialRecord, name: str) -> Photo | None:
    path = outlook.run.path / "trials" / trial.folder / "pictures" / ATTRIBUTIONS
    try:
        data = path.read_bytes() if path.stat().st_size <= MOST_BYTES else b""
    except OSError:
        return None
    if not data.startswith(PNG):
        return None
    told = f"trial {trial.folder}, {name}"
    return Photo(f"latents-{trial.folder}", data, f"Strongest latents of {told}", told)
