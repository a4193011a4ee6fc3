"""The layers of a network that may be read, as `classifier.layer` names them.

    python -m trainables.networks.layers my_module:build
    python -m trainables.networks.layers torchvision:resnet18 --image 64 64 --classes 10

Prints one line a layer: its dotted name, what it is, the shape of its output for one image, and why it cannot
be read where it cannot. The name is the first word of its line, for a shell to complete.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pydantic import ValidationError
from torch import nn

from trainables.errors import MemberError
from trainables.foreign import search_in


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0, or 2 where the network cannot be had."""
    parser = argparse.ArgumentParser(
        prog="python -m trainables.networks.layers", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("factory", metavar="FACTORY", help="package.module:function, or torchvision:NAME")
    parser.add_argument("--image", type=int, nargs=2, default=(28, 28), metavar=("H", "W"))
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--channels", type=int, choices=(1, 3), default=1, help="of a module's images")
    given = parser.parse_args(arguments)
    search_in(Path.cwd())
    try:
        rows = described(given.factory, tuple(given.image), given.classes, given.channels)
    except (MemberError, ValidationError) as error:
        if isinstance(error, ValidationError):
            error = MemberError(f"FACTORY is {given.factory!r}; package.module:function is needed")
        sys.stderr.write(f"error: {error}\n")
        return 2
    if not rows:
        sys.stderr.write("error: the network has no layers inside; only one of a module's own can be read\n")
        return 2
    width = max(len(name) for name, _ in rows)
    sys.stdout.write("".join(f"{name:{width}}  {says}\n" for name, says in rows))
    return 0


def described(
    factory: str, image_shape: tuple[int, ...], n_classes: int, channels: int
) -> list[tuple[str, str]]:
    """(name, what it is) of every layer in order; a layer that cannot be read says why."""
    from trainables.networks.cut import layer_names
    from trainables.networks.module import ModuleNetwork, build_module
    from trainables.seeds import generator
    from trainables.settings.module_network import ModuleClassifierConfig, TorchvisionClassifierConfig

    height, width = image_shape
    config: ModuleClassifierConfig | TorchvisionClassifierConfig
    if factory.startswith("torchvision:"):
        config = TorchvisionClassifierConfig(name=factory.partition(":")[2])
    else:
        config = ModuleClassifierConfig(factory=factory, input_channels=3 if channels == 3 else 1)
    module: nn.Module = build_module(config, (height, width), n_classes)
    rows = []
    for name in layer_names(module):
        kind = type(module.get_submodule(name)).__name__
        try:
            cut = ModuleNetwork(
                config.model_copy(update={"layer": name}), (height, width), n_classes, generator(0)
            )
            rows.append((name, f"{kind} {tuple(cut.shape)}"))
        except MemberError as error:
            rows.append((name, f"{kind}, cannot be read: {_short(error)}"))
    return rows


def _short(error: MemberError) -> str:
    return str(error).rpartition(": ")[2].partition(", so that")[0]


if __name__ == "__main__":
    sys.exit(main())
