"""`safetensors`: tensors and a JSON that says in a few lines of numpy what to do with them.

weights.safetensors   encoder (d, f), encoder_bias (f,), decoder (f, d), decoder_bias (d,), the rule's own
                      tensors, and the classifier's as `classifier.*`; metadata.json is in its header, too
metadata.json         configuration, data, metrics, provenance, `numpy`: hidden activations -> codes ->
                      reconstruction, and images -> hidden activations where numpy alone can do that
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor

from analysis.export_formats.comparison import refuse_other_codes
from analysis.export_formats.folded import FoldedSae
from analysis.export_formats.rules import Gated, Threshold
from analysis.export_formats.subject import Subject
from trainables.settings.classifier import ClassifierTrainingConfig, MlpClassifierConfig

WEIGHTS = "weights.safetensors"
METADATA = "metadata.json"


def write_plain_tensors(folder: Path, subject: Subject) -> float:
    """Write both files; the largest difference of the codes that the lines in them give."""
    features = subject.model.features
    classifier = {f"classifier.{name}": tensor for name, tensor in features.classifier.state_dict().items()}
    tensors = {name: t.contiguous() for name, t in (subject.folded.tensors() | classifier).items()}
    text = json.dumps(metadata(subject), indent=2, allow_nan=False)
    (folder / WEIGHTS).write_bytes(safetensors.torch.save(tensors, {"sae_search": text}))  # save_file is 0600
    (folder / METADATA).write_text(text + "\n", encoding="utf-8")
    with torch.no_grad():
        h = features.hidden(subject.probes)
    written = safetensors.torch.load_file(folder / WEIGHTS)
    return refuse_other_codes(subject, h, _read_back(written, subject.folded).encode(h))


def metadata(subject: Subject) -> dict[str, object]:
    """All that is known of the trial, and how to compute with its weights."""
    recipe: dict[str, object] = {"hidden_to_codes": hidden_to_codes(subject)}
    recipe["codes_to_hidden"] = ['h = z @ t["decoder"] + t["decoder_bias"]']
    lines = images_to_hidden(subject.model.config.classifier)
    recipe["images_to_hidden"] = lines or "a convolution or filter bank comes first: see --format onnx"
    return {
        "format": "sae-search tensors, version 1",
        **subject.facts,
        "rule": subject.folded.rule.name,
        "numpy": recipe,
    }


def hidden_to_codes(subject: Subject) -> list[str]:
    """Codes `z` (b, f) of hidden activations `h` (b, d)."""
    return [
        f't = safetensors.numpy.load_file("{WEIGHTS}")',
        'u = (h - t["decoder_bias"]) @ t["encoder"] + t["encoder_bias"]',
        *subject.folded.rule.numpy_lines(),
    ]


def images_to_hidden(config: ClassifierTrainingConfig) -> list[str]:
    """Hidden activations `h` (b, d) of `images` (b, h, w); empty where it takes more than a few lines."""
    if not isinstance(config, MlpClassifierConfig) or config.front_end != "none":
        return []
    lines = ["h = images.reshape(len(images), -1)"]
    for i in range(config.depth):
        layer = f"classifier.layers.{i}"
        lines.append(f'h = np.maximum(h @ t["{layer}.weight"].T + t["{layer}.bias"], 0)')
    if 0 < config.kwta < config.hidden_size:
        lines.append(f"h = np.where(h >= np.sort(h, axis=1)[:, [-{config.kwta}]], h, 0)")
    return lines


def _read_back(tensors: Mapping[str, Tensor], folded: FoldedSae) -> FoldedSae:
    """The SAE of a written file, whose rule is of the kind that `folded` has."""
    rule = folded.rule
    if isinstance(rule, Threshold):
        rule = Threshold(tensors["threshold"])
    elif isinstance(rule, Gated):
        rule = Gated(tensors["gain"], tensors["offset"])
    encoder, encoder_bias = tensors["encoder"], tensors["encoder_bias"]
    return FoldedSae(encoder, encoder_bias, tensors["decoder"], tensors["decoder_bias"], rule)


def load_lines(folder: Path) -> list[str]:
    """How to begin with the export in Python."""
    return [
        "import json, numpy as np, safetensors.numpy",
        f"t = safetensors.numpy.load_file({str(folder / WEIGHTS)!r})",
        f'print("\\n".join(json.load(open({str(folder / METADATA)!r}))["numpy"]["hidden_to_codes"]))',
    ]
