"""What memory a run needs at least, from the sizes of what must be in memory at once.

A lower bound and no estimate: what it refuses cannot fit. In float32, 4 bytes a number, with n images of p
pixels, h hidden units, f latents of inputs of at most h dimensions:

    a trial    4 (n_train + n_val) h                activations
             + 4 n_val f                            codes that are measured
             + 4 p h + 16 f c                       first layer; decoder rows, their gradients, Adam's moments
    a machine  8 n p                                the images in the driver and in the store of the workers

c is the basis' components where it has such a setting, else h. Interpreter, libraries and caches come on top.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from search.errors import SpaceError
from search.study.domains import Choice, Scalar
from search.study.study import Study, default_params

if TYPE_CHECKING:
    from trainables.config import TrialConfig
    from trainables.data.dataset import Dataset


@dataclass(frozen=True)
class Sizes:
    """Images of the three splits, and the pixels of one."""

    train: int
    val: int
    test: int
    pixels: int

    @staticmethod
    def of(dataset: Dataset) -> Sizes:
        """The sizes of images that were loaded."""
        height, width = dataset.image_shape
        return Sizes(len(dataset.train), len(dataset.val), len(dataset.test), height * width)

    @property
    def shared_bytes(self) -> int:
        """The images, once in the driver and once in the store that all workers read."""
        return 2 * 4 * (self.train + self.val + self.test) * self.pixels


@dataclass(frozen=True)
class Memory:
    """Bytes that a trial needs at least, and by which settings."""

    trial_bytes: int
    hidden_size: int
    width: int


def first_trial(study: Study, sizes: Sizes) -> Memory:
    """What the default configuration takes."""
    config = study.trial_config(default_params(study))
    components = getattr(config.basis, "components", None)
    return _memory(sizes, _hidden_size(config), config.sae.width, components)


def largest_trial(study: Study, sizes: Sizes) -> Memory:
    """Of the largest sizes that the space can draw; a basis with components may be drawn beside them."""
    default = study.trial_config(default_params(study))
    hidden = _extreme(study, "classifier.hidden_size", _hidden_size(default), max)
    width = _extreme(study, "sae.width", default.sae.width, max)
    components = getattr(default.basis, "components", None)
    if components is not None or any(p.path == "basis.components" for p in study.parameters):
        components = _extreme(study, "basis.components", components or 1, min)
    return _memory(sizes, hidden, width, components)


def refuse_what_cannot_fit(study: Study, sizes: Sizes, total_bytes: int) -> None:
    """Raise SpaceError if the machine has less memory than one trial needs at least."""
    for which, memory in (
        ("the first", first_trial(study, sizes)),
        ("the largest", largest_trial(study, sizes)),
    ):
        needed = sizes.shared_bytes + memory.trial_bytes
        if needed > total_bytes:
            raise SpaceError(
                f"{which} trial that this space can draw needs at least {gigabytes(needed)} of memory, this "
                f"machine has {gigabytes(total_bytes)}: {gigabytes(sizes.shared_bytes)} for "
                f"{sizes.train + sizes.val + sizes.test:,} images of {sizes.pixels:,} pixels (data.limit), "
                f"{gigabytes(memory.trial_bytes)} for classifier.hidden_size {memory.hidden_size} and "
                f"sae.width {memory.width}"
            )


def gigabytes(n: int) -> str:
    """Bytes in GiB, as `free` and Ray tell memory."""
    return f"{n / 2**30:.2g} GiB" if n < 100 * 2**30 else f"{n / 2**30:.0f} GiB"


def _memory(sizes: Sizes, hidden: int, width: int, components: int | None) -> Memory:
    measured = sizes.train + sizes.val
    inputs = hidden if components is None else min(components, hidden)
    numbers = measured * hidden + sizes.val * width + sizes.pixels * hidden + 4 * width * inputs
    return Memory(4 * numbers, hidden, width)


def _hidden_size(config: TrialConfig) -> int:
    """1, the least there can be, for a network that has another name for it."""
    return int(getattr(config.classifier, "hidden_size", 1))


def _extreme(study: Study, path: str, otherwise: int, end: Callable[[list[Scalar]], Scalar]) -> int:
    for parameter in study.parameters:
        if parameter.path == path:
            domain = parameter.domain
            values = list(domain.options) if isinstance(domain, Choice) else [domain.low, domain.high]
            return int(end([*values, *([] if parameter.or_value is None else [parameter.or_value])]))
    return int(study.constants.get(path, otherwise))
