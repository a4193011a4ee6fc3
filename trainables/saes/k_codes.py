"""What all SAEs with a fixed number of codes share: k, and how it is reached."""

from __future__ import annotations

from torch import Tensor

from trainables.saes.sparse_autoencoder import SparseAutoencoder
from trainables.settings.sae import KSaeTrainingConfig


class KSae(SparseAutoencoder):
    """`k` codes a sample; `current_k` falls linearly from min(r, f) to k over the first steps.

    k-annealing, as dictionary_learning and sparsify train: while k is large, every latent gets gradients. On
    digits (width 256, k 8, without AuxK, over 30 % of the steps) it leaves 22 % dead instead of 34 % at three
    times the usual rate, and about as many as without at the usual one.
    """

    def __init__(self, config: KSaeTrainingConfig, input_size: int) -> None:
        super().__init__(config, input_size)
        self.k = min(config.k, config.width)
        self.current_k = self.k
        # (S, 1, 1), each stack member's own k where they differ; none is above `current_k`.
        self.fewer: Tensor | None = None
        self._anneal = config.k_anneal
        self._first_k = max(self.k, min(input_size, config.width))

    def begin_step(self, progress: float) -> None:
        """Set `current_k` for a step before which `progress` of the training is over."""
        left = max(0.0, 1.0 - progress / self._anneal) if self._anneal > 0 else 0.0
        self.current_k = self.k + round(left * (self._first_k - self.k))
