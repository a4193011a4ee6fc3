"""`saelens`: the folder that `SAE.load_from_disk` of SAELens 6 reads (checked against 6.54).

SAELens has x [b, d_in], W_enc [d_in, d_sae], W_dec [d_sae, d_in] and, with `apply_b_dec_to_input`,

    u = (x - b_dec) W_enc + b_enc    x^ = z W_dec + b_dec

    standard  z = relu(u)                       jumprelu  z = relu(u) 1[u > threshold]
    topk      relu of the k largest u           gated     z = 1[(x - b_dec) W_enc + b_gate > 0]
                                                              relu((x - b_dec) W_enc e^r_mag + b_mag)

which is `FoldedSae` by other names. Its batchtopk and matryoshka kinds exist for training only; what they are
afterwards, one threshold for all latents, is jumprelu. Folded rows of W_dec are not of unit length, and
SAELens' `fold_W_dec_norm` would change the codes (and what topk selects): they are left as they are.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from analysis.export_formats.comparison import refuse_other_codes
from analysis.export_formats.folded import FoldedSae
from analysis.export_formats.rules import Gated, Relu, Threshold, TopK
from analysis.export_formats.subject import Subject

CONFIG = "cfg.json"
WEIGHTS = "sae_weights.safetensors"
# The version whose reading of the folder was tested; without one >= 6 SAELens drops the metadata.
VERSION = "6.54.12"


def write_sae_lens(folder: Path, subject: Subject) -> float:
    """Write both files; the largest difference of the codes that SAELens' formulas give."""
    settings, tensors = sae_lens_form(subject.folded)
    d_in, d_sae = subject.folded.encoder.shape
    config = {
        **settings,
        "d_in": d_in,
        "d_sae": d_sae,
        "dtype": "float32",
        "device": "cpu",
        "apply_b_dec_to_input": True,
        "normalize_activations": "none",
        "reshape_activations": "none",
        "metadata": {
            "sae_lens_version": VERSION,
            "sae_lens_training_version": None,
            "model_name": f"sae-search {subject.facts['run']} trial {subject.model.number}",
            "hook_name": "classifier.hidden",
            "dataset_path": subject.facts["data"]["name"],
            "sae_search": dict(subject.facts),
        },
    }
    own = {name: tensor.contiguous().clone() for name, tensor in tensors.items()}
    (folder / WEIGHTS).write_bytes(safetensors.torch.save(own))  # save_file makes it 0600
    text = json.dumps(config, indent=2, allow_nan=False)
    (folder / CONFIG).write_text(text + "\n", encoding="utf-8")
    with torch.no_grad():
        h = subject.model.features.hidden(subject.probes)
    written = safetensors.torch.load_file(folder / WEIGHTS)
    return refuse_other_codes(subject, h, codes_as_sae_lens(config, written, h))


def sae_lens_form(folded: FoldedSae) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Architecture with its settings, and exactly the tensors that SAELens expects of it."""
    rule = folded.rule
    tensors = {"W_enc": folded.encoder, "W_dec": folded.decoder, "b_dec": folded.decoder_bias}
    if isinstance(rule, Gated):
        # gain u + offset with u = (x - b_dec) W_enc + b_gate, as SAELens splits it.
        tensors |= {"b_gate": folded.encoder_bias, "r_mag": rule.gain.double().log().float()}
        tensors["b_mag"] = (rule.gain.double() * folded.encoder_bias.double() + rule.offset.double()).float()
        return {"architecture": "gated"}, tensors
    tensors["b_enc"] = folded.encoder_bias
    if isinstance(rule, Threshold):
        return {"architecture": "jumprelu"}, tensors | {"threshold": rule.threshold}
    if isinstance(rule, TopK):
        return {"architecture": "topk", "k": rule.k, "rescale_acts_by_decoder_norm": False}, tensors
    assert isinstance(rule, Relu)
    return {"architecture": "standard"}, tensors


def codes_as_sae_lens(config: dict[str, Any], tensors: dict[str, Tensor], x: Tensor) -> Tensor:
    """z (b, f) of x (b, d) by the formulas above, from what a folder holds."""
    projected = (x - tensors["b_dec"]) @ tensors["W_enc"]
    if config["architecture"] == "gated":
        magnitude = (x - tensors["b_dec"]) @ (tensors["W_enc"] * tensors["r_mag"].exp()) + tensors["b_mag"]
        return magnitude.relu() * (projected + tensors["b_gate"] > 0)
    u = projected + tensors["b_enc"]
    if config["architecture"] == "topk":
        values, latents = u.topk(config["k"], dim=1)
        return torch.zeros_like(u).scatter(1, latents, values.relu())
    return u.relu() * (u > tensors["threshold"]) if "threshold" in tensors else u.relu()


def load_lines(folder: Path) -> list[str]:
    """How to begin with the export in Python."""
    return [
        "from sae_lens import SAE  # pip install sae-lens",
        f"sae = SAE.load_from_disk({str(folder)!r})",
        "codes = sae.encode(hidden)  # (b, d_in), the classifier's hidden layer after its ReLU",
    ]
