"""Pictures of the best trials on TensorBoard, while the search runs.

A worker leaves them in the trial's folder before it reports its last rung. They are shown of every trial
that was on the Pareto front when it ended (with one objective: that was the best so far) and of the default
configuration, to compare with. That rule looks only at trials that ended before, so an event file that is
made again tells what it told the first time.
"""

from __future__ import annotations

import logging
import math
import struct
from pathlib import Path

from tensorboard.compat.proto import summary_pb2

from search.ledger.history import History, TrialRecord
from search.ranking.pareto import pareto_front
from search.study.study import Study
from trainables.pictures import picture_files

logger = logging.getLogger(__name__)

MOST_BYTES = 2_000_000
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_RGB = 3

DESCRIPTIONS = {
    picture_files.TEMPLATES: "Decoder directions in pixels: where light moves the hidden layer along them "
    "(orange) or against them (blue), each on a scale of its own; the latents that write most come first.",
    picture_files.ATTRIBUTIONS: "One latent a row: its decoder direction, then the val images that it fires "
    "on most, under the gradient of its pre-activation (orange raises, blue lowers). Below: its activation.",
}


class BestSoFar:
    """Follows COMPLETE trials in the order of their ends."""

    def __init__(self, study: Study) -> None:
        self._study = study
        self._front: list[TrialRecord] | None = None

    def takes(self, trial: TrialRecord, history: History) -> bool:
        """Take in a COMPLETE trial; whether it is the default or on the front of those that have ended."""
        if self._front is None:
            complete = history.in_state("COMPLETE")
            self._front = pareto_front(
                self._study, [other for other in complete if _end(other) < _end(trial)]
            )
        self._front = pareto_front(self._study, [*self._front, trial])
        return trial.is_default or trial in self._front


def in_order_of_their_ends(history: History) -> list[TrialRecord]:
    """All trials, those that still run last."""
    return sorted(history.trials.values(), key=_end)


def picture_summary(folder: Path) -> summary_pb2.Summary | None:
    """The pictures in a trial's folder; None if there are none, or none that are what they should be."""
    values = [
        _image(name, data, description)
        for name, description in DESCRIPTIONS.items()
        if (data := _read(folder / picture_files.FOLDER / name)) is not None
    ]
    return summary_pb2.Summary(value=values) if values else None


def _end(trial: TrialRecord) -> tuple[float, int]:
    return (math.inf if trial.ended is None else trial.ended, trial.number)


def _read(path: Path) -> bytes | None:
    """A PNG's bytes. Pictures are an extra: whatever is wrong with one, it is only left out."""
    try:
        if path.is_symlink() or path.stat().st_size > MOST_BYTES:
            return None
        data = path.read_bytes()
    except OSError as error:
        if not isinstance(error, FileNotFoundError):
            logger.warning("%s: cannot be read: %s", path, error.strerror)
        return None
    return data if data.startswith(_SIGNATURE) and data[12:16] == b"IHDR" and len(data) > 24 else None


def _image(name: str, data: bytes, description: str) -> summary_pb2.Summary.Value:
    width, height = struct.unpack(">II", data[16:24])
    image = summary_pb2.Summary.Image(
        width=min(width, 2**31 - 1),
        height=min(height, 2**31 - 1),
        colorspace=_RGB,
        encoded_image_string=data,
    )
    metadata = summary_pb2.SummaryMetadata(summary_description=description)
    return summary_pb2.Summary.Value(tag=f"pictures/{Path(name).stem}", image=image, metadata=metadata)
