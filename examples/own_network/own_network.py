"""A network that knows nothing of sae-search, and its training as its owner might have written it.

.venv/bin/python examples/own_network/own_network.py examples/own_network/own_network.safetensors
"""

from __future__ import annotations

import sys

import torch
from safetensors.torch import save_file
from torch import nn

from trainables.data.dataset import load_dataset, to_tensors


class Net(nn.Module):
    """Two convolutions, a hidden layer, a readout."""

    def __init__(self, n_classes: int) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(4),
        )
        self.hidden = nn.Sequential(nn.Flatten(), nn.Linear(512, 64), nn.ReLU())
        self.readout = nn.Linear(64, n_classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """images (b, 1, h, w) -> logits (b, classes)."""
        return self.readout(self.hidden(self.features(images)))


def build(image_shape: tuple[int, int], n_classes: int) -> nn.Module:  # noqa: ARG001 (it takes any size)
    """What `classifier.factory` names."""
    return Net(n_classes)


def main(file: str) -> None:
    """Train for ten epochs on the embedded digits and save the weights."""
    torch.manual_seed(0)
    data = to_tensors(load_dataset("digits"))
    net = Net(data.n_classes)
    adam = torch.optim.Adam(net.parameters(), 2e-3)
    for _ in range(10):
        for rows in torch.randperm(len(data.train)).split(64):
            adam.zero_grad()
            logits = net(data.train.images[rows].unsqueeze(1))
            nn.functional.cross_entropy(logits, data.train.labels[rows]).backward()
            adam.step()
    with torch.no_grad():
        right = net(data.val.images.unsqueeze(1)).argmax(1) == data.val.labels
    save_file(net.state_dict(), file)
    print(f"{file}: {right.float().mean():.1%} of the held-out digits are right")


if __name__ == "__main__":
    main(sys.argv[1])
