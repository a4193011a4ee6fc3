"""Seeds derived from what they are for, so that trials which agree on a stage share its randomness."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

import torch


def child_seed(*path: object) -> int:
    """A seed in [0, 2^63) that is a fixed function of `path`, in every process and on every machine.

    `path` is anything JSON can say (numbers, strings, lists, string-keyed mappings); the order of a
    mapping's keys does not matter. 1 and 1.0 are different. TypeError or ValueError for anything that
    JSON cannot say exactly: NaN, infinities, arrays, keys that are not strings.
    """
    _refuse_other_keys(path)
    text = json.dumps(path, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def stage_seed(study_seed: int, replicate: int, stage: str) -> int:
    """Seed of one stage of a trial: the same for every trial that agrees on all three arguments.

    The stage's settings have no part in it: two configurations in the same replicate have random numbers
    in common, so that their difference owes less to chance (on digits, a fifth to half of the standard
    deviation). A training that is continued keeps its seed.
    """
    return child_seed(study_seed, replicate, stage)


def generator(seed: int, device: torch.device | str = "cpu") -> torch.Generator:
    """A fresh generator on `device`; CPU and CUDA draw different numbers from one seed."""
    return torch.Generator(device=device).manual_seed(seed)


def _refuse_other_keys(value: object) -> None:
    """JSON would turn the keys 1 and True into strings, and two different settings into one seed."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise TypeError(f"a seed's mappings need string keys, got {key!r}")
            _refuse_other_keys(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _refuse_other_keys(inner)
