"""What metrics and references are computed from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from torch import Tensor

    from trainables.metrics.concept_alignment import Concepts
    from trainables.metrics.measured import Activations, Measured
    from trainables.metrics.metric import Need, Reference
    from trainables.model.interface import SupportsFeatures

Result = TypeVar("Result")
Shared = Callable[[Mapping[str, Any], Callable[[], "dict[str, Tensor]"]], "dict[str, Tensor]"]
"""(settings, compute) -> tensors on the CPU that follow from the settings, the classifier and the data."""


def computed_anew(
    _settings: Mapping[str, Any], compute: Callable[[], dict[str, Tensor]]
) -> dict[str, Tensor]:
    """A `Shared` that keeps nothing."""
    return compute()


@dataclass(frozen=True, eq=False)
class ReferenceInputs:
    """What references are computed from: no SAE among it.

    untrained: images (b, h, w) -> hidden activations (b, d) of the same architecture before training.
    `seed` decides directions, starts and noise.
    """

    activations: Activations
    untrained: Callable[[Tensor], Tensor]
    seed: int
    _done: dict[Any, Any] = field(default_factory=dict, repr=False)

    def once(self, compute: Callable[[ReferenceInputs], Result]) -> Result:
        """`compute` of these inputs, computed at most once however many references ask."""
        if compute not in self._done:
            self._done[compute] = compute(self)
        result: Result = self._done[compute]
        return result


@dataclass(frozen=True, eq=False)
class MetricInputs:
    """What metrics are computed from; all tensors live on the model's device, those of references on the CPU.

    references: of `evaluate.compute_references`, for the same activations and seed. `seed` decides the
    sampled latents, the directions and the noise.
    twin: makes a model that differs in its SAE's seed alone; None where stability is not asked for.
    shared: keeps what trials over one classifier have in common and only the SAE's size decides.
    floor_size: latents and codes an image of the dictionaries that make the floor; None for the model's own.
    of_network: what inputs of one network, one seed and the same images share, see `once_a_network`.
    concepts: bits of the set that the run names; None where it names none.
    """

    measured: Measured
    references: Mapping[str, Tensor]
    untrained: Callable[[Tensor], Tensor]
    seed: int
    twin: Callable[[], SupportsFeatures] | None = None
    shared: Shared = computed_anew
    floor_size: tuple[int, int] | None = None
    of_network: dict[Any, Any] = field(default_factory=dict, repr=False)
    concepts: Concepts | None = None
    _done: dict[Any, Any] = field(default_factory=dict, repr=False)

    @property
    def given(self) -> frozenset[Need]:
        """What there is of `Metric.needs`."""
        always: frozenset[Need] = frozenset(("labels", "images", "network"))
        twin: frozenset[Need] = frozenset(("twin",)) if self.twin is not None else frozenset()
        concepts: frozenset[Need] = frozenset(("concepts",)) if self.concepts is not None else frozenset()
        return always | twin | concepts

    def reference(self, reference: Reference) -> dict[str, Tensor]:
        """What the reference computed, by its own names; KeyError naming it if it is not there."""
        prefix = f"{reference.name}:"
        found = {
            name.removeprefix(prefix): tensor
            for name, tensor in self.references.items()
            if name.startswith(prefix)
        }
        if not found:
            raise KeyError(f"the reference {reference.name} was not computed; no metric lists it in `reads`")
        return found

    def once(self, compute: Callable[[MetricInputs], Result]) -> Result:
        """`compute` of these inputs, computed at most once however many metrics ask."""
        if compute not in self._done:
            self._done[compute] = compute(self)
        result: Result = self._done[compute]
        return result

    def once_a_network(self, compute: Callable[[MetricInputs], Result]) -> Result:
        """`compute` of these inputs, which may look at activations and images but not at the codes."""
        if compute not in self.of_network:
            self.of_network[compute] = compute(self)
        result: Result = self.of_network[compute]
        return result

    def pre_activations(self, images: Tensor) -> Tensor:
        """u (b, f) of images (b, h, w)."""
        model = self.measured.model
        return model.encode(model.hidden(images))[0]

    def codes(self, images: Tensor) -> Tensor:
        """z (b, f) of images (b, h, w)."""
        model = self.measured.model
        return model.encode(model.hidden(images))[1]
