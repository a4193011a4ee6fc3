"""Where a cycle wants the hidden activations to point: kinds of targets, one for every train image.

    z_i = encode(h_i)        codes (n, f) of the train images, by the features of the cycle before
    S_c                      the `top` latents of largest mean over group c (a class or a cluster)

    masked_code    t_i = decode(z_i with all but S_y(i) at 0)           SAE-ception as published
    class_mean     t_i = decode(mean code of class y(i), all but its S at 0)
    cluster_mean   the same for the cluster that z_i is in (k-means on the codes, labels unseen)
    random         t_i = a unit vector of random direction              the control: no SAE has a say

All are in raw activation space (n, d): the features' decoder undoes their basis too.
"""

from __future__ import annotations

import torch
from torch import Tensor

from trainables.batches import BATCH, in_batches
from trainables.data.dataset import TensorSplit
from trainables.kmeans import kmeans
from trainables.model.feature_model import FeatureModel
from trainables.seeds import generator
from trainables.settings.loop import SaeCeptionLoopConfig


@torch.no_grad()
def code_targets(
    loop: SaeCeptionLoopConfig, features: FeatureModel, train: TensorSplit, n_classes: int, seed: int
) -> Tensor:
    """t (n, d) for the train images, on the features' device; the same arguments give the same targets."""
    if loop.targets == "random":
        directions = torch.randn(len(train), features.classifier.hidden_size, generator=generator(seed))
        return torch.nn.functional.normalize(directions, dim=1).to(features.basis.mean.device)
    device = features.basis.mean.device
    labels = train.labels.to(device)
    codes = in_batches(lambda images: features.encode(features.hidden(images.to(device)))[1], train.images)
    if loop.targets == "masked_code":
        kept = top_latents(group_means(codes, labels, n_classes), loop.top)
        return torch.cat(
            [
                features.decode(z * kept[y])
                for z, y in zip(codes.split(BATCH), labels.split(BATCH), strict=True)
            ]
        )
    if loop.targets == "cluster_mean":
        n_groups = min(loop.clusters, len(codes))
        groups = kmeans(codes, n_groups, seed, starts=1).labels
    else:
        n_groups, groups = n_classes, labels
    means = group_means(codes, groups, n_groups)
    return features.decode(means * top_latents(means, loop.top))[groups]


def group_means(codes: Tensor, groups: Tensor, n_groups: int) -> Tensor:
    """Mean code (n_groups, f) of each group; codes (n, f), groups int64 (n,). 0 for an empty group."""
    sums = torch.nn.functional.one_hot(groups, n_groups).to(codes.dtype).T @ codes
    sizes = torch.bincount(groups, minlength=n_groups).clamp(min=1)
    return sums / sizes.unsqueeze(1)


def top_latents(means: Tensor, top: int) -> Tensor:
    """1 at the `top` largest latents of each row (all, if there are no more), 0 elsewhere: (groups, f)."""
    largest = means.topk(min(top, means.shape[1]), dim=1).indices
    return torch.zeros_like(means).scatter_(1, largest, 1.0)
