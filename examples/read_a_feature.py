"""What one latent fires on, in numbers: `python examples/read_a_feature.py runs/tiny`."""

from __future__ import annotations

import sys

import torch

from analysis.load import load_run


def main(directory: str) -> None:
    """Take the best trial, find its most selective latent that fires often enough, and look at it."""
    run = load_run(directory)
    images, labels = run.data().val.images, torch.tensor(run.data().val.labels)
    codes = torch.as_tensor(run.best()(images))  # (n, f): one row an image, one column a latent
    fires = codes > 0
    classes = torch.nn.functional.one_hot(labels, run.data().n_classes).float()
    per_class = fires.float().T @ classes  # (f, c): on how many images of each class
    often = fires.sum(0) >= 10
    purity = per_class.max(1).values / fires.sum(0).clamp(min=1)
    latent = int((purity * often).argmax())
    strongest = codes[:, latent].topk(5)
    print(f"latent {latent} fires on {fires[:, latent].float().mean():.0%} of {len(labels)} images")
    print(f"{purity[latent]:.0%} of these are of class {int(per_class[latent].argmax())}")
    print(
        "strongest images:",
        ", ".join(f"{i} (a {labels[i]}, {z:.2f})" for z, i in zip(*strongest, strict=True)),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
