"""Relations between fields that every reachable trial must satisfy.

They are data, because the space check must hold them against the ends of a domain and name the fields
they concern.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """A relation between two or more fields that every reachable trial must satisfy."""

    fields: tuple[str, ...]
    holds: Callable[..., bool]
    sentence: str


def _first_layer_rules(name: str) -> tuple[Rule, Rule]:
    """Two pairs and not one triple: a network of kind conv has no front_end to ask for."""
    why = f"auxiliary.{name} needs one first weight for every pair of unit and pixel"
    return (
        Rule(
            (f"auxiliary.{name}", "classifier.kind"),
            lambda weight, kind: weight == 0 or kind == "mlp",
            f"{why}: classifier.kind must be mlp",
        ),
        Rule(
            (f"auxiliary.{name}", "classifier.front_end"),
            lambda weight, front_end: weight == 0 or front_end == "none",
            f"{why}: classifier.front_end must be none",
        ),
    )


RULES: tuple[Rule, ...] = (
    Rule(("sae.k", "sae.width"), lambda k, width: k < width, "sae.k must be smaller than sae.width"),
    Rule(
        ("sae.target_l0", "sae.width"),
        lambda target_l0, width: target_l0 < width,
        "sae.target_l0 must be smaller than sae.width",
    ),
    Rule(
        ("sae.prefixes", "sae.width"),
        lambda prefixes, width: 2 ** (prefixes - 1) <= width,
        "sae.prefixes halve the width: 2^(prefixes - 1) must not exceed sae.width, or the first is empty",
    ),
    Rule(
        ("basis.components", "classifier.hidden_size"),
        lambda components, hidden_size: components <= hidden_size,
        "basis.components must not exceed classifier.hidden_size",
    ),
    Rule(
        ("sae.warmup", "sae.decay"),
        lambda warmup, decay: warmup + decay <= 1,
        "sae.warmup and sae.decay are shares of one training: together at most 1",
    ),
    Rule(
        ("classifier.kwta", "classifier.hidden_size"),
        lambda kwta, hidden_size: kwta <= hidden_size,
        "classifier.kwta must not exceed classifier.hidden_size",
    ),
    Rule(
        ("classifier.zero_dead_pixels", "classifier.front_end"),
        lambda zero, front_end: not zero or front_end in ("none", "locally_connected"),
        "classifier.zero_dead_pixels needs first weights of single pixels, which the filters of a fixed bank "
        "or a convolution are not: front_end must be none or locally_connected",
    ),
    *_first_layer_rules("first_layer_tv"),
    *_first_layer_rules("first_layer_distance_l1"),
    *_first_layer_rules("first_layer_group_lasso"),
    Rule(
        ("auxiliary.hidden_group_lasso", "auxiliary.hidden_group_size", "classifier.hidden_size"),
        lambda weight, size, hidden_size: weight == 0 or size <= hidden_size,
        "auxiliary.hidden_group_size must not exceed classifier.hidden_size",
    ),
    Rule(
        ("auxiliary.concepts", "auxiliary.concept_table"),
        lambda weight, table: weight == 0 or table != "",
        "auxiliary.concepts needs the targets of auxiliary.concept_table",
    ),
    Rule(
        ("loop.start", "loop.reinitialise"),
        lambda start, reinitialise: start == "continue" or reinitialise == "none",
        "loop.reinitialise needs loop.start continue: with new weights every unit is started anew",
    ),
    Rule(
        ("loop.reinitialise", "classifier.kind"),
        lambda reinitialise, kind: reinitialise == "none" or kind in ("mlp", "conv"),
        "loop.reinitialise needs hidden units with weights of their own: classifier.kind must be mlp or conv",
    ),
    Rule(
        ("loop.edited_images", "sae.kind"),
        lambda _, kind: kind == "batch_topk",
        "loop.kind joint trains the SAE with one threshold for all latents: sae.kind must be batch_topk",
    ),
    Rule(
        ("loop.locality", "classifier.kind"),
        lambda weight, kind: weight == 0 or kind in ("parts", "bag"),
        "loop.locality needs hidden units with a place in the image: classifier.kind must be parts or bag",
    ),
    Rule(
        ("loop.locality", "classifier.grid"),
        lambda weight, grid: weight == 0 or grid > 1,
        "loop.locality needs hidden units with a place in the image: classifier.grid must be above 1",
    ),
    Rule(
        ("loop.locality", "basis.kind"),
        lambda weight, kind: weight == 0 or kind == "raw",
        "loop.locality needs SAE inputs that are hidden units: basis.kind must be raw",
    ),
)
