"""Parts and bags: their formulas by hand, the regions they say they look at, strokes that were planted."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from trainables.data.dataset import ImageData, TensorSplit
from trainables.networks.bag import Bag
from trainables.networks.initial import initial_network
from trainables.networks.parts import Parts
from trainables.seeds import generator
from trainables.settings.classifier import BagClassifierConfig, PartsClassifierConfig

STROKES = torch.tensor(
    [
        [[0, 0, 0], [1, 1, 1], [0, 0, 0]],
        [[0, 1, 0], [0, 1, 0], [0, 1, 0]],
        [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        [[0, 0, 1], [0, 1, 0], [1, 0, 0]],
    ]
).float()


def parts(shape: tuple[int, int] = (28, 28), **settings: object) -> Parts:
    return Parts(PartsClassifierConfig.model_validate(settings), shape, 10, generator(0))


def test_sizes_left_open_follow_the_image() -> None:
    large, small = parts(), parts((8, 8))
    assert (large.size, large.stride, large.pool_size, large.pool_step) == (9, 2, [4, 4], [3, 3])
    assert (large.regions, large.hidden_size) == ([4, 4], 768)
    assert (small.size, small.stride, small.regions) == (3, 1, [3, 3])


def test_parts_are_their_formula() -> None:
    network = parts((8, 8), templates=2, gain=3.0).double()
    images = torch.rand(2, 8, 8, generator=generator(1), dtype=torch.float64) ** 2
    with torch.no_grad():
        network.cosine.copy_(torch.tensor([0.5, 0.8]))
    expected = torch.zeros(2, 2, 3, 3, dtype=torch.float64)
    padded = functional.pad(images, (1, 1, 1, 1))
    for image in range(2):
        for k in range(2):
            template = network.weight[k, 0].abs()
            template = template / template.norm()
            answers = torch.zeros(8, 8, dtype=torch.float64)
            for y in range(8):
                for x in range(8):
                    patch = padded[image, y : y + 3, x : x + 3]
                    answers[y, x] = (template * patch).sum() - network.cosine[k] * patch.norm()
            for row in range(3):
                for column in range(3):
                    window = answers[2 * row : 2 * row + 3, 2 * column : 2 * column + 3]
                    expected[image, k, row, column] = 3.0 * window.max().clamp(min=0)
    torch.testing.assert_close(network.hidden(images), expected.flatten(1))


@pytest.mark.parametrize("kind", ["parts", "bag"])
def test_a_unit_heeds_no_pixel_far_from_its_place(kind: str) -> None:
    if kind == "parts":
        network: Parts | Bag = parts(templates=3)
        reach = (9 / 2 + 2 * 3 / 2 + 1) / 28
    else:
        config = BagClassifierConfig(channels=3, grid=4)
        network, reach = Bag(config, (28, 28), 10, generator(0)), (9 / 2 + 2 * 4 / 2 + 1) / 28
    places = network.unit_places()
    assert places.shape == (network.hidden_size, 2)
    images = torch.rand(1, 28, 28, generator=generator(1)).requires_grad_()
    heeded = 0
    for unit in range(network.hidden_size):
        (gradient,) = torch.autograd.grad(network.hidden(images)[0, unit], images)
        rows, columns = gradient[0].nonzero(as_tuple=True)
        heeded += len(rows) > 0
        for seen, middle in ((rows, places[unit, 0]), (columns, places[unit, 1])):
            assert (((seen + 0.5) / 28 - middle).abs() <= reach).all()
    assert heeded > network.hidden_size / 4


def test_a_single_region_has_no_place() -> None:
    with pytest.raises(ValueError, match="Bag have no place"):
        Bag(BagClassifierConfig(channels=2), (8, 8), 10, generator(0)).unit_places()


def test_templates_start_at_the_strokes_that_images_are_made_of() -> None:
    draws = generator(1)
    images = torch.zeros(400, 8, 8)
    for image in images:
        which = int(torch.randint(4, (1,), generator=draws))
        y, x = (int(v) for v in torch.randint(1, 4, (2,), generator=draws))
        image[y : y + 3, x : x + 3] = STROKES[which]
    split = TensorSplit(images, torch.zeros(400, dtype=torch.int64))
    data = ImageData(split, split, 10, (8, 8), "planted")
    network = initial_network(PartsClassifierConfig(templates=24), data, generator(0))
    assert isinstance(network, Parts)
    templates = network.templates().flatten(1)
    assert templates.min() >= 0
    torch.testing.assert_close(templates.norm(dim=1), torch.ones(24))
    found = (functional.normalize(STROKES.flatten(1), dim=1) @ templates.T).amax(dim=1)
    assert found.min() > 0.94
    untouched = parts((8, 8), templates=24).templates().flatten(1)
    assert (functional.normalize(STROKES.flatten(1), dim=1) @ untouched.T).amax(dim=1).max() < 0.93


def test_black_images_leave_random_templates() -> None:
    split = TensorSplit(torch.zeros(3, 8, 8), torch.zeros(3, dtype=torch.int64))
    data = ImageData(split, split, 10, (8, 8), "black")
    network = initial_network(PartsClassifierConfig(templates=4), data, generator(0))
    assert torch.equal(network.hidden(torch.zeros(1, 8, 8)), torch.zeros(1, network.hidden_size))
    assert network.hidden(torch.rand(1, 8, 8, generator=generator(1))).isfinite().all()


def test_gradients_of_black_images_are_finite() -> None:
    network = parts((8, 8), templates=4)
    images = torch.zeros(2, 8, 8, requires_grad=True)
    network(images).logsumexp(dim=1).sum().backward()
    assert images.grad is not None
    assert images.grad.isfinite().all()
    assert all(p.grad is None or p.grad.isfinite().all() for p in network.parameters())


def test_a_true_bag_does_not_know_where() -> None:
    network = Bag(BagClassifierConfig(channels=5, receptive_field=3, stride=1), (12, 12), 10, generator(0))
    image = torch.zeros(1, 12, 12)
    image[0, 3:6, 3:6] = STROKES[0]
    moved = image.roll((2, 3), dims=(1, 2))
    torch.testing.assert_close(network(image), network(moved))


def test_bags_are_their_formula() -> None:
    network = Bag(
        BagClassifierConfig(channels=3, grid=2, receptive_field=3, stride=1), (4, 4), 10, generator(0)
    )
    images = torch.rand(2, 4, 4, generator=generator(1))
    windows = functional.unfold(images[:, None], 3, padding=1)
    first = (network.first.weight.flatten(1) @ windows).relu()
    second = (network.second.weight.flatten(1) @ first).relu().view(2, 3, 4, 4)
    expected = second.view(2, 3, 2, 2, 2, 2).mean(dim=(3, 5))
    torch.testing.assert_close(network.hidden(images), expected.flatten(1))
