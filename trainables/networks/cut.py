"""Cutting any torch.nn.Module in two at one of its layers.

The module is traced once (torch.fx); what comes up to the layer and what comes after it are two graphs over
the module's own weights. A value that passes the layer by, as in a residual block, cannot be spliced, and is
found out here.
"""

from __future__ import annotations

from difflib import get_close_matches

import torch
from torch import Tensor, fx, nn


class CutError(ValueError):
    """Why a module cannot be cut there, in one sentence."""


class Cut:
    """`before(x)` is the layer's output, `after` what the rest makes of it: after(before(x)) = module(x).

    The module is traced in each of its modes, since a trace keeps what `self.training` was: training says
    whether it is traced for training as well. Each call takes the graphs of the mode that the module is in.
    """

    def __init__(self, module: nn.Module, layer: str, *, training: bool = True) -> None:
        """CutError for a layer that is not there, that is passed by, or a module that cannot be traced."""
        self._module, mode = module, module.training
        self._halves: dict[bool, tuple[fx.Interpreter, fx.Interpreter]] = {}
        for is_training in (False, True) if training else (False,):
            module.train(is_training)
            graph = _traced(module, layer)
            node = _call_of(graph, layer, module)
            after = _from(graph, node, layer)
            before = _up_to(graph, node)
            self._halves[is_training] = (
                fx.Interpreter(module, graph=before),
                fx.Interpreter(module, graph=after),
            )
        module.train(mode)

    def before(self, images: Tensor) -> Tensor:
        """images -> the layer's output, in its own shape."""
        return _one_tensor(self._half(0).run(images), "the layer")

    def after(self, activations: Tensor) -> Tensor:
        """The layer's output, or something in its place -> what the module gives."""
        return _one_tensor(self._half(1).run(activations), "the network")

    def readout(self) -> nn.Linear | None:
        """The linear layer that alone makes the module's output of the activations, at most flattened."""
        graph = self._half(1).graph
        last = next(node for node in graph.nodes if node.op == "output").args[0]
        if not isinstance(last, fx.Node) or last.op != "call_module":
            return None
        layer = self._module.get_submodule(str(last.target))
        read = last.args[0]
        while isinstance(read, fx.Node) and self._flattens(read):
            read = read.args[0]
        is_alone = isinstance(read, fx.Node) and read.op == "placeholder"
        return layer if is_alone and isinstance(layer, nn.Linear) else None

    def _flattens(self, node: fx.Node) -> bool:
        if node.op == "call_module":
            return isinstance(self._module.get_submodule(str(node.target)), nn.Flatten)
        return node.target in (torch.flatten, "flatten")

    def _half(self, which: int) -> fx.Interpreter:
        return self._halves[self._module.training and True in self._halves][which]


def _one_tensor(found: object, what: str) -> Tensor:
    if not isinstance(found, Tensor):
        raise CutError(f"{what} gives a {type(found).__name__}, not one tensor")
    return found


def layer_names(module: nn.Module) -> list[str]:
    """Dotted names of all layers, in the module's own order."""
    return [name for name, _ in module.named_modules() if name]


class _Tracer(fx.Tracer):
    """Sees the layer as one call, whatever is inside."""

    def __init__(self, layer: str) -> None:
        super().__init__()
        self._layer = layer

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return module_qualified_name == self._layer or super().is_leaf_module(m, module_qualified_name)


def _traced(module: nn.Module, layer: str) -> fx.Graph:
    names = layer_names(module)
    if layer not in names:
        near = get_close_matches(layer, names, n=3, cutoff=0.3) or names[-3:]
        raise CutError(f"the network has no layer {layer!r}; near it: {', '.join(near)}")
    try:
        graph = _Tracer(layer).trace(module)
    except Exception as error:  # whatever the module's own code raises when it meets a proxy
        raise CutError(
            f"{type(module).__name__} cannot be traced by torch.fx, which is how it is cut at {layer}: "
            f"{(str(error).splitlines() or [type(error).__name__])[0]}. Its forward must not decide by the "
            "values of tensors"
        ) from error
    _keep_constants(module)
    return graph


def _keep_constants(module: nn.Module) -> None:
    """Tensors that forward makes itself become buffers, so that they move to a device with the weights."""
    for name, value in list(vars(module).items()):
        if name.startswith("_tensor_constant") and isinstance(value, Tensor):
            delattr(module, name)
            module.register_buffer(name, value, persistent=False)


def _call_of(graph: fx.Graph, layer: str, module: nn.Module) -> fx.Node:
    """The last call of the layer: a ReLU may be called more than once."""
    calls = [node for node in graph.nodes if node.op == "call_module" and node.target == layer]
    if not calls:
        called = {str(node.target) for node in graph.nodes if node.op == "call_module"}
        inside = [name for name in layer_names(module) if name.startswith(f"{layer}.") and name in called]
        hint = f"; it calls {inside[-1]}" if inside else ""
        raise CutError(f"the network's forward never calls its layer {layer!r}{hint}")
    return calls[-1]


def _up_to(graph: fx.Graph, node: fx.Node) -> fx.Graph:
    before, copies = fx.Graph(), dict[fx.Node, fx.Node]()
    needed = _made_of(node)
    for old in graph.nodes:
        if old in needed or old.op == "placeholder":
            copies[old] = before.node_copy(old, lambda n: copies[n])
    before.output(copies[node])
    return before


def _from(graph: fx.Graph, node: fx.Node, layer: str) -> fx.Graph:
    after, copies = fx.Graph(), dict[fx.Node, fx.Node]()
    copies[node] = after.placeholder("activations")
    for old in _needed_after(graph, node):
        passing = [given for given in old.all_input_nodes if given not in copies]
        if passing:
            raise CutError(
                f"{passing[0].name} reaches {old.name} past the layer {layer!r}, as inside a residual block, "
                "so that nothing can be put in the layer's place; take the output of the whole block (or, if "
                "it is a size of the images, let the module ask it of the activations)"
            )
        copies[old] = after.node_copy(old, lambda n: copies[n])
    after.lint()
    return after


def _needed_after(graph: fx.Graph, node: fx.Node) -> list[fx.Node]:
    """What the output is made of behind the cut: all that follows from the layer, and weights."""
    of_images, behind = set[fx.Node](), {node}
    for n in graph.nodes:
        if n.op == "placeholder" or not of_images.isdisjoint(n.all_input_nodes):
            of_images.add(n)
        if not behind.isdisjoint(n.all_input_nodes):
            behind.add(n)
    needed = _made_of(next(n for n in graph.nodes if n.op == "output"), until=node)
    return [n for n in graph.nodes if n in needed and (n in behind or n not in of_images)]


def _made_of(node: fx.Node, until: fx.Node | None = None) -> set[fx.Node]:
    """The node and all that it is computed from, but for `until` and what only that is computed from."""
    needed, waiting = set[fx.Node](), [node]
    while waiting:
        n = waiting.pop()
        if n not in needed and n is not until:
            needed.add(n)
            waiting += n.all_input_nodes
    return needed
