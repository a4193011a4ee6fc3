"""Three more ways to ask whether a code belongs to one thing, each a number per latent.

    csi             (m_max - m_rest) / (m_max + m_rest), m the class means of the code, m_rest the mean of all
                    but the largest (Morcos et al. 2018, arXiv 1803.06959); in [0, 1]
    f1              best class's F1 of "the latent fires", 2 TP / (fired + class size); in [0, 1]
    monosemanticity mean cosine of two images' embeddings, weighted by the product of their codes (Pach et al.
                    2025, arXiv 2504.02821, in the form of its code); in [-1, 1]. With a_n the code scaled
                    to [0, 1] by its least and largest value, and e_n of length 1,
                    sum_{n<m} a_n a_m e_n.e_m / sum_{n<m} a_n a_m
                      = (|sum a e|^2 - sum a^2) / ((sum a)^2 - sum a^2),
                    linear in the number of images.
The embedding is the leading 50 principal components of the centred pixels: nothing that was trained enters.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from trainables.bases.leading_components import leading_components

STATISTICS = ("csi", "f1", "monosemanticity")
EMBEDDING_SIZE = 50


def pixel_embedding(images: Tensor) -> Tensor:
    """Unit rows (n, at most 50) of the images (n, h, w); 0 for an image that is exactly the mean."""
    pixels = images.flatten(1)
    mean, components = leading_components(pixels, EMBEDDING_SIZE)
    return F.normalize((pixels - mean.to(pixels)) @ components.to(pixels), dim=1)


def statistics(codes: Tensor, labels: Tensor, n_classes: int, embedding: Tensor) -> dict[str, Tensor]:
    """STATISTICS of codes (n, c) >= 0 with labels (n,) and embedding (n, e): each (c,) float64.

    A latent that never fires gets 0.
    """
    member = F.one_hot(labels, n_classes).to(codes)
    return {
        "csi": class_selectivity((member.T @ codes).double(), member.sum(dim=0).double()),
        "f1": best_f1((member.T @ (codes > 0).to(codes)).double(), member.sum(dim=0).double()),
        "monosemanticity": monosemanticity(codes, embedding),
    }


def class_selectivity(class_sums: Tensor, class_sizes: Tensor) -> Tensor:
    """CSI (c,) from sums of codes per class (classes, c); classes without images are left out."""
    means = (class_sums / class_sizes.clamp(min=1)[:, None])[class_sizes > 0]
    if len(means) < 2:
        return torch.zeros(class_sums.shape[1], dtype=class_sums.dtype, device=class_sums.device)
    largest = means.amax(dim=0)
    rest = (means.sum(dim=0) - largest) / (len(means) - 1)
    return (largest - rest) / (largest + rest).clamp(min=1e-30)


def best_f1(hits: Tensor, class_sizes: Tensor) -> Tensor:
    """Largest F1 over classes (c,) from firing counts per class (classes, c)."""
    return (2 * hits / (hits.sum(dim=0) + class_sizes[:, None]).clamp(min=1)).amax(dim=0)


def monosemanticity(codes: Tensor, embedding: Tensor) -> Tensor:
    """MS (c,) float64; 0 where fewer than two images count. A constant code weighs all images alike."""
    low, high = codes.aminmax(dim=0)
    spread = high - low
    constant = spread == 0
    weight = (codes - low).mul_(torch.where(constant, 1.0, spread).reciprocal())
    if constant.any():
        weight[:, constant] = (codes[:, constant] > 0).to(codes)
    square = weight.square()
    own = (square.T @ embedding.square().sum(dim=1)).double()
    squares = square.sum(dim=0).double()
    pairs = weight.sum(dim=0).double().square() - squares
    alike = (embedding.T @ weight).double().square().sum(dim=0) - own
    # One image leaves no pair, and the difference of two roundings in its place.
    counts = pairs > 1e-6 * squares
    return torch.where(counts, alike / torch.where(counts, pairs, 1.0), 0.0)
