"""`onnx`: two graphs, from images and from hidden activations, for any batch size.

    images_to_codes.onnx   images (b, h, w) in [0, 1] -> hidden (b, d), codes (b, f), reconstruction (b, d) of
                           hidden, logits (b, classes) of the images
    hidden_to_codes.onnx   hidden (b, d) -> codes (b, f), reconstruction (b, d)

Both carry what is known of the trial as the model property `sae_search`, a JSON text.
"""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from analysis.export_formats.comparison import refuse_other_codes
from analysis.export_formats.folded import FoldedSae
from analysis.export_formats.subject import Subject
from search.errors import SpaceError
from trainables.networks.network import Network

FROM_IMAGES = "images_to_codes.onnx"
FROM_HIDDEN = "hidden_to_codes.onnx"
NEEDED = ("onnx", "onnxscript", "onnxruntime")


def write_onnx(folder: Path, subject: Subject) -> float:
    """Write both graphs; the largest difference of their codes from the trial's.

    SpaceError if a package of `NEEDED` is not installed.
    """
    refuse_missing_packages()
    features, facts = subject.model.features, json.dumps(subject.facts, allow_nan=False)
    from_images = _FromImages(features.classifier, subject.folded)
    names = ("hidden", "codes", "reconstruction", "logits")
    _export(from_images, subject.probes, "images", names, folder / FROM_IMAGES, facts)
    with torch.no_grad():
        h = features.hidden(subject.probes)
    _export(
        _FromHidden(subject.folded), h, "hidden", ("codes", "reconstruction"), folder / FROM_HIDDEN, facts
    )
    of_images = run_graph(folder / FROM_IMAGES, {"images": subject.probes.numpy()})["codes"]
    of_hidden = run_graph(folder / FROM_HIDDEN, {"hidden": h.numpy()})["codes"]
    return max(
        refuse_other_codes(subject, h, torch.from_numpy(of_images)),
        refuse_other_codes(subject, h, torch.from_numpy(of_hidden)),
    )


def refuse_missing_packages() -> None:
    """SpaceError with the command that installs them."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise SpaceError(
            f"--format onnx needs {', '.join(missing)}, which a plain installation leaves out:\n"
            '  pip install -c constraints.txt -e ".[export]"'
        )


def run_graph(path: Path, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """A graph's outputs by name, computed by onnxruntime on the CPU."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, dict(inputs)), strict=True))


class _FromHidden(nn.Module):
    """hidden -> codes, reconstruction."""

    def __init__(self, folded: FoldedSae) -> None:
        super().__init__()
        self.folded = folded

    def forward(self, hidden: Tensor) -> tuple[Tensor, Tensor]:
        codes = self.folded.encode(hidden)
        return codes, self.folded.decode(codes)


class _FromImages(nn.Module):
    """images -> hidden, codes, reconstruction, logits."""

    def __init__(self, classifier: Network, folded: FoldedSae) -> None:
        super().__init__()
        self.classifier = classifier
        self.folded = folded

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        hidden = self.classifier.hidden(images)
        codes = self.folded.encode(hidden)
        return hidden, codes, self.folded.decode(codes), self.classifier.head(hidden)


def _export(
    module: nn.Module, example: Tensor, reads: str, gives: Sequence[str], path: Path, facts: str
) -> None:
    import onnx

    with _quiet(), torch.no_grad():
        program = torch.onnx.export(
            module.eval(),
            (example[:3],),
            input_names=[reads],
            output_names=list(gives),
            dynamic_shapes={reads: {0: torch.export.Dim("batch")}},
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    graph = program.model_proto
    onnx.helper.set_model_props(graph, {"sae_search": facts})
    onnx.checker.check_model(graph)
    path.write_bytes(graph.SerializeToString())


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporter's advice is to its own developers."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)


def load_lines(folder: Path) -> list[str]:
    """How to begin with the export in Python."""
    return [
        "import onnxruntime  # pip install onnxruntime",
        f"session = onnxruntime.InferenceSession({str(folder / FROM_IMAGES)!r})",
        'hidden, codes, reconstruction, logits = session.run(None, {"images": images})  # float32 (b, h, w)',
    ]
