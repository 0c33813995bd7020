"""Every recipe that ships: a few steps on drawn pictures, an export, a picture coloured; needs the train extra."""

from pathlib import Path

import numpy as np
import pytest
from tiny_training import draw_pictures

import photochrom
from photochrom.train.export import export
from photochrom.train.recipe import RECIPES, load_recipe, recipe_names
from photochrom.train.run.options import RunOptions
from photochrom.train.run.run import train

# Those with the photo network are in test_photo_recipe.py and test_pairs_training.py.
OURS = [n for n in recipe_names() if load_recipe(n).network.kind != "photo" and load_recipe(n).domain == "photo"]
SMALL = {
    "cifar-cnn": ["network.width=4"],
    "unet": ["network.width=4", "network.levels=5"],
    "unet-timm": ["network.width=8", "network.encoder=test_resnet"],
    "resnet50-frozen": ["network.width=8", "network.encoder=test_resnet"],
    "eccv16": ["network.width=8"],
    "cyclegan": ["network.width=4", "network.blocks=1"],
}
TINY = ["data.size=32", "data.workers=0", "train.batch=4", "train.preview=2", "network.pretrained=false"]


@pytest.mark.parametrize("name", OURS)
def test_a_recipe_trains_exports_and_colors(name: str, tmp_path: Path) -> None:
    kind = load_recipe(name).network.kind
    recipe = load_recipe(name, [*TINY, *SMALL[kind], "train.epochs=1", "train.pretrain_epochs=0", "data.limit=0"])
    pictures = draw_pictures(tmp_path / "pictures", 20)
    run = train(recipe, [pictures], tmp_path / "run", options=RunOptions(max_steps=2, device="cpu", quiet=True))
    assert (run / "checkpoints" / "last.ckpt").is_file()
    assert (run / "samples" / "epoch-0001.jpg").is_file()
    assert export(run, tmp_path / "net.onnx") < 1e-3
    model = photochrom.load_model(tmp_path / "net.onnx")
    assert model.info.recipe == name
    grey = np.linspace(0, 255, 64 * 80).reshape(64, 80).astype(np.uint8)
    assert model.colorize(grey, detail=64).shape == (64, 80, 3)


@pytest.mark.parametrize("name", recipe_names())
def test_a_recipe_says_what_it_reproduces_and_how(name: str) -> None:
    lines = (RECIPES / f"{name}.toml").read_text().splitlines()
    head = " ".join(line for line in lines[: next(i for i, line in enumerate(lines) if not line.startswith("#"))])
    assert f"photochrom train {name} " in head
    assert all(word in head.lower() for word in ("hardware", "time", "score"))
    assert load_recipe(name).title


def test_the_issue_names_are_all_there() -> None:
    wanted = {"cifar10-cnn", "cifar10-cnn-augmented", "unet-cgan", "resnet50-frozen", "eccv16", "cyclegan"}
    assert wanted <= set(recipe_names())
    assert load_recipe("unet-cgan").data.limit == 5000 and load_recipe("unet-cgan").train.epochs == 45
    assert load_recipe("unet-cgan-coco").data.limit == 10000 and load_recipe("unet-cgan-coco").train.epochs == 100
    assert load_recipe("unet-cgan-plain").network.levels == 8
