"""Pictures of a model on a GPU are those of the CPU."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch

from tests.trainables_tests.model_tests.test_feature_model import build, config_of, images
from trainables.pictures import picture_files
from trainables.pictures.decoder_pictures import templates
from trainables.pictures.trial_pictures import draw

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]


def test_templates_and_both_files(tmp_path: Path) -> None:
    model = build(config_of("mlp", "pca", "topk"), 8).requires_grad_(False)
    there, x = copy.deepcopy(model).cuda(), images(8)
    assert torch.allclose(templates(there, x.cuda()).cpu(), templates(model, x), atol=1e-5)
    draw(there, x.cuda(), tmp_path)
    for name in (picture_files.TEMPLATES, picture_files.ATTRIBUTIONS):
        assert (tmp_path / picture_files.FOLDER / name).is_file()
