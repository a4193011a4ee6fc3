"""What a loss on latents may look at in a gradient step: some images, one firing latent of each."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import torch
from torch import Tensor

from trainables.edits.pieces import blurred, holding_ink, ink_overlap, random_piece

# Gradients that point out a part are taken at x + U[0, NOISE]: at exactly black pixels ReLU'(0) = 0.
NOISE = 0.05
# Of its image's ink, what a part and a blob hold.
PART_SHARE = 0.5


class LatentBatch:
    """m images x with one firing latent j each, drawn in proportion to its code, and the dictionary.

    read: images (n, h, w) -> pre-activations u (n, f), differentiable by network and SAE
    read_one: images (n, h, w), a latent of each (n,) -> its pre-activation (n,), the same without the others
    images (m, h, w), labels (m,); u (m, f) = read(images), part of the graph
    threshold: theta, a constant scalar; a latent fires where u_j > theta
    chosen int64 (m,): j;  own (m,): u_j(x), a constant > theta
    part, blob bool (m, h, w): the pixels where j looks, and a random blob, each with half of x's ink
    overlap (m,): share of the part's ink that is in the blob
    hosts (m, h, w): for each image one of another class
    encoder (r, f), decoder (f, r): rows of unit length, part of the graph
    unit_places (r, 2), where each input of the SAE looks, or None
    """

    def __init__(
        self,
        read: Callable[[Tensor], Tensor],
        images: Tensor,
        labels: Tensor,
        u: Tensor,
        threshold: Tensor,
        *,
        encoder: Tensor,
        decoder: Tensor,
        generator: torch.Generator,
        read_one: Callable[[Tensor, Tensor], Tensor],
        unit_places: Tensor | None = None,
    ) -> None:
        """Of the given images only those stay that a latent fires for; maybe none."""
        fires = (u.detach() > threshold).any(dim=1)
        self.read, self._read_one, self.generator = read, read_one, generator
        self.images, self.labels, self.u = images[fires], labels[fires], u[fires]
        self.threshold, self.encoder, self.decoder = threshold, encoder, decoder
        self.unit_places = unit_places
        codes = self.codes
        self.chosen = (
            torch.multinomial(codes, 1, generator=generator).squeeze(1)
            if len(codes)
            else torch.zeros(0, dtype=torch.int64, device=u.device)
        )
        self.own = codes.gather(1, self.chosen[:, None]).squeeze(1)

    def __len__(self) -> int:
        return len(self.images)

    @cached_property
    def codes(self) -> Tensor:
        """z (m, f) = u where it fires, else 0; constant."""
        u = self.u.detach()
        return u * (u > self.threshold)

    def of_chosen(self, images: Tensor) -> Tensor:
        """u_j (m,) of the chosen latents on images (m, h, w)."""
        return self._read_one(images, self.chosen)

    @cached_property
    def part(self) -> Tensor:
        """Pixels of largest blurred |du_j/dx| x; no gradient passes through the choice."""
        noise = torch.rand(self.images.shape, generator=self.generator, device=self.images.device)
        at = (self.images + NOISE * noise).requires_grad_()
        with torch.enable_grad():
            (gradient,) = torch.autograd.grad(self.of_chosen(at).sum(), at)
        return holding_ink(blurred(gradient.abs()) * self.images, self.images, PART_SHARE)

    @cached_property
    def blob(self) -> Tensor:
        """A random piece with as much ink as the part."""
        return random_piece(self.images, PART_SHARE, self.generator)

    @cached_property
    def overlap(self) -> Tensor:
        """Share of the part's ink that the blob holds too."""
        return ink_overlap(self.part, self.blob, self.images)

    @cached_property
    def hosts(self) -> Tensor:
        """One image of another class for each, drawn evenly; where there is none, a black image."""
        other = (self.labels[:, None] != self.labels).float()
        lonely = other.sum(dim=1) == 0
        drawn = torch.multinomial(other + lonely[:, None].float(), 1, generator=self.generator).squeeze(1)
        return self.images[drawn] * ~lonely[:, None, None]

    def on(self, piece: Tensor, elsewhere: Tensor | float = 0.0) -> Tensor:
        """The images on a piece (m, h, w), elsewhere what is given: black, or hosts."""
        return torch.where(piece, self.images, torch.as_tensor(elsewhere).to(self.images))
