"""Images as spectra, so that a gradient step moves all frequencies alike and noise is no cheap way up.

    x = sigmoid(irfft2(s / max(f, 1 / side)) + b),   s complex, f the spatial frequency, b a dark bias,
as in feature visualisation (Olah et al. 2017, Distill, doi 10.23915/distill.00007). 1 / f is about the
amplitude spectrum of natural images and of pen strokes seen at a distance.
"""

from __future__ import annotations

import torch
from torch import Tensor

# Mean ink of a digit: the start is dark, as a grey one would be on no side of the black background.
DARK = -2.0
FIRST_SPREAD = 0.01
# The size of s that makes an ink: with FIRST_SPREAD the first images vary by about a tenth of a logit.
GAIN = 4.0


class FourierImages:
    """A batch of images (l, r, h, w) in (0, 1) for l latents and r restarts, and the spectrum behind it.

    All latents share the restarts' noise, so that no latent's result depends on those beside it.
    """

    def __init__(
        self, n_latents: int, restarts: int, shape: tuple[int, int], generator: torch.Generator
    ) -> None:
        self.shape = shape
        first = torch.randn(restarts, shape[0], shape[1] // 2 + 1, 2, generator=generator) * FIRST_SPREAD
        self.spectrum = first.expand(n_latents, *first.shape).clone()
        rows, columns = torch.fft.fftfreq(shape[0])[:, None], torch.fft.rfftfreq(shape[1])[None]
        frequency = (rows.square() + columns.square()).sqrt()
        self._scale = GAIN / frequency.clamp(min=1 / max(shape))

    def to(self, device: torch.device) -> FourierImages:
        """The same on `device`, ready to be optimised."""
        self.spectrum = self.spectrum.to(device).requires_grad_()
        self._scale = self._scale.to(device)
        return self

    def images(self) -> Tensor:
        """(l, r, h, w), differentiable by the spectrum."""
        scaled = torch.view_as_complex(self.spectrum) * self._scale
        logits: Tensor = torch.fft.irfft2(scaled, s=self.shape, norm="ortho")
        return (logits + DARK).sigmoid()
