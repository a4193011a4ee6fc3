"""Cutting any torch.nn.Module in two at one of its layers.

The module is traced once (torch.fx); what comes up to the layer and what comes after it are two graphs over
the module's own weights. A value that passes the layer by, as in a residual block, cannot be spliced, and is
found out here.
"""

from __future__ import annotations

from difflib import get_close_matches

from torch import Tensor, fx, nn


class CutError(ValueError):
    """Why a module cannot be cut there, in one sentence."""


class Cut:
    """`before(x)` is the layer's output, `after` what the rest makes of it: after(before(x)) = module(x)."""

    def __init__(self, module: nn.Module, layer: str) -> None:
        """CutError for a layer that is not there, that is passed by, or a module that cannot be traced."""
        graph = _traced(module, layer)
        node = _call_of(graph, layer, module)
        self._before = fx.Interpreter(module, graph=_up_to(graph, node))
        self._after = fx.Interpreter(module, graph=_from(graph, node, layer))

    def before(self, images: Tensor) -> Tensor:
        """images -> the layer's output, in its own shape."""
        found = self._before.run(images)
        if not isinstance(found, Tensor):
            raise CutError(f"the layer gives a {type(found).__name__}, not one tensor; take one behind it")
        return found

    def after(self, activations: Tensor) -> Tensor:
        """The layer's output, or something in its place -> what the module gives."""
        logits: Tensor = self._after.run(activations)
        return logits


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
        return _Tracer(layer).trace(module)
    except Exception as error:  # whatever the module's own code raises when it meets a proxy
        raise CutError(
            f"{type(module).__name__} cannot be traced by torch.fx, which is how it is cut at {layer}: "
            f"{(str(error).splitlines() or [type(error).__name__])[0]}. Its forward must not decide by the "
            "values of tensors"
        ) from error


def _call_of(graph: fx.Graph, layer: str, module: nn.Module) -> fx.Node:
    """The last call of the layer: a ReLU may be called more than once."""
    calls = [node for node in graph.nodes if node.op == "call_module" and node.target == layer]
    if not calls:
        inside = next((name for name, _ in module.get_submodule(layer).named_modules() if name), "")
        hint = f"; a layer of it is {layer}.{inside}" if inside else ""
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
