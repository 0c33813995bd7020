"""Training in domains whose brightness is not lightness: pairs, inputs that are made, and what comes out."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tiny_training import draw_pictures

from photochrom import load_model
from photochrom.errors import UsageError
from photochrom.pictures.find import find_pictures
from photochrom.train.data.inputs import Inputs, inputs_of
from photochrom.train.data.module import PictureData
from photochrom.train.data.parts import parts_of
from photochrom.train.export import export
from photochrom.train.losses.lab_losses import carried_over, chroma_loss, chroma_strength
from photochrom.train.methods import build_method
from photochrom.train.methods.paired import Paired
from photochrom.train.recipe import Recipe, load_recipe
from photochrom.train.run.options import RunOptions
from photochrom.train.run.run import train
from photochrom.train.start.from_onnx import photo_from_onnx

TINY = (
    "data.size=32",
    "data.validation=0.25",
    "data.workers=0",
    "data.min_colorfulness=0",
    "network.pretrained=false",
    "network.decoder_widths=[8, 8, 8, 8]",
    "network.work_size=64",
    "train.minutes=0",
    "train.epochs=2",
    "train.batch=4",
    "train.preview=2",
    "train.ema=0",
)
DOMAINS = ("infrared", "thermal", "satellite", "sketch", "infrared-simulated")
pytestmark = pytest.mark.usefixtures("one_thread")


def tiny(name: str, *settings: str) -> Recipe:
    return load_recipe(name, [*TINY, *settings])


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten pairs; the input of each is the red channel, upside down in brightness."""
    folder = draw_pictures(tmp_path_factory.mktemp("pairs") / "rgb", 10)
    (folder.parent / "ir").mkdir()
    for path in folder.iterdir():
        red = np.asarray(Image.open(path))[..., 0]
        Image.fromarray(255 - red).save(folder.parent / "ir" / path.name)
    return folder.parent


def batch_of(recipe: Recipe, place: Path) -> dict[str, torch.Tensor]:
    data = PictureData(recipe, parts_of([place], recipe))
    data.setup("fit")
    loader = data.train_dataloader()
    batch = next(iter(loader))
    batch.pop("broken", None)
    return data.transfer_batch_to_device(batch, torch.device("cpu"), 0)


@pytest.mark.parametrize("resident", ["yes", "no"])
def test_a_pair_is_cut_at_one_place(pairs: Path, resident: str) -> None:
    recipe = tiny("infrared", f"data.resident={resident}")
    batch = batch_of(recipe, pairs)
    red = (255 - batch["rgb"][:, :1]).float()
    plane = batch["plane"]
    assert plane.shape == red.shape and plane.dtype == torch.float32
    for ours, theirs in zip(plane.flatten(1), red.flatten(1), strict=True):  # the same but for the levels' curve
        assert np.corrcoef(ours.numpy(), theirs.numpy())[0, 1] > 0.97


def test_inputs_are_made_where_there_are_none(pairs: Path) -> None:
    recipe = tiny("sketch")
    first, again = (batch_of(recipe, pairs / "rgb") for _ in range(2))
    assert torch.equal(first["plane"], again["plane"])  # by seed, epoch and picture alone
    assert first["plane"].mean() > 60  # ink on paper
    inputs = inputs_of("sketch", varied=True)
    assert inputs is not None
    square = torch.from_numpy(np.array(Image.open(pairs / "rgb" / "000.png"))).permute(2, 0, 1)[None, :, :40, :40]
    planes = [inputs.split(square, epoch, [0])["plane"] for epoch in range(8)]
    assert len({plane.numpy().tobytes() for plane in planes}) > 4  # another hand in each round


def test_a_domain_without_a_simulation_wants_pairs(pairs: Path) -> None:
    with pytest.raises(UsageError, match="trained on pairs"):
        inputs_of("thermal", paired=False)
    alone = inputs_of("thermal", paired=True)
    assert isinstance(alone, Inputs)
    with pytest.raises(UsageError, match="has no input"):
        alone.split(torch.zeros(1, 6, 8, 8, dtype=torch.uint8), 0, [0])
    assert inputs_of("photo") is None
    with pytest.raises(UsageError, match="did you mean 'thermal'"):
        inputs_of("termal")


def test_photographs_are_trained_on_as_before_though_there_are_pairs(pairs: Path) -> None:
    batch = batch_of(tiny("photo-fast", "train.epochs=1"), pairs)
    assert set(batch) == {"rgb"} and batch["rgb"].shape[1] == 3
    assert all(picture.input() for picture in find_pictures([pairs]))


@pytest.mark.parametrize("name", DOMAINS)
def test_a_domain_trains_and_exports(name: str, pairs: Path, tmp_path: Path) -> None:
    weights = () if name in ("infrared", "sketch") else ("loss.perceptual_weight=0", "loss.adversarial_weight=0")
    recipe = tiny(name, "train.stages=[0.3, 0, 0.7]", *weights)
    run = train(recipe, [pairs], tmp_path / "run", options=RunOptions(max_steps=4, device="cpu", quiet=True))
    assert (run / "samples" / "epoch-0002.jpg").is_file()
    header = (run / "metrics.csv").read_text().splitlines()[0]
    assert "val/lightness_error" in header and ("train/generator_step" in header) == (not weights)
    assert export(run, tmp_path / "net.onnx", domain=recipe.domain) < 1e-3
    net, spec = photo_from_onnx(tmp_path / "net.onnx")
    assert (spec.domain, spec.output, spec.inputs) == (recipe.domain, "lab", ("intensity",))
    light = torch.rand(1, 1, 64, 64) * 100
    method = build_method(recipe)
    assert isinstance(method, Paired) and method.predict_lab(light).shape == (1, 3, 64, 64)
    assert torch.allclose(method.predict_lab(light)[:, 1:], torch.zeros(()))  # begins with grey
    method.load_state_dict(method.fitting_weights({f"network.{k}": v for k, v in net.state_dict().items()}))
    assert method.predict_lab(light)[:, 1:].abs().max() > 0


def test_a_run_begins_with_a_shipped_model_of_photographs(pairs: Path, tmp_path: Path) -> None:
    from photochrom.network.models import find_model

    start = find_model("photo-fast").file
    widths = "network.decoder_widths=[48, 64, 96, 128]"
    recipe = tiny("infrared", widths, "loss.perceptual_weight=0", "loss.adversarial_weight=0", "optimiser.rate=0",
                  "optimiser.refine_rate=0")  # fmt: skip
    run = train(recipe, [pairs], tmp_path / "run", start=start,
                options=RunOptions(max_steps=1, device="cpu", quiet=True))  # fmt: skip
    state = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
    theirs = photo_from_onnx(start)[0].state_dict()
    name = "network.encoder.stem.0.weight"
    torch.testing.assert_close(state[name], theirs[name.removeprefix("network.")])
    assert state["network.decoder.head.weight"].shape[0] == 3


def test_only_the_right_parts_go_together() -> None:
    with pytest.raises(UsageError, match="keep their own"):
        build_method(tiny("infrared", "domain=photo"))
    with pytest.raises(UsageError, match="hints"):
        build_method(tiny("infrared", "network.hints=true"))


def test_detail_is_carried_over_and_plain_places_are_kept() -> None:
    guide = (torch.arange(64.0).view(1, 1, 1, 64).expand(1, 1, 64, 64) * 4) % 100
    small = torch.nn.functional.avg_pool2d(100 - guide, 4)  # the truth is the guide upside down
    upside_down = carried_over(small, guide)
    plain = torch.nn.functional.interpolate(small, scale_factor=4.0, mode="bilinear")
    truth = 100 - guide
    assert (upside_down - truth).abs().mean() < 0.5 * (plain - truth).abs().mean()
    even = carried_over(torch.full((1, 1, 8, 8), 40.0), torch.full((1, 1, 32, 32), 70.0))
    torch.testing.assert_close(even, torch.full((1, 1, 32, 32), 40.0))


def test_the_chroma_loss_asks_for_as_much_colour_as_the_truth_has() -> None:
    torch.manual_seed(0)
    truth = torch.randn(4, 2, 8, 8) * 20
    assert chroma_loss(truth, truth) == 0
    pale, vivid = chroma_loss(truth * 0.5, truth), chroma_loss(truth * 1.5, truth)
    assert pale > 0.3 and vivid > 0.3
    assert (chroma_strength(truth) > chroma_strength(truth * 0.5)).all()


@pytest.mark.parametrize("domain", ["infrared", "thermal", "satellite", "sketch"])
def test_every_domain_has_a_paired_recipe_and_one_without_pairs(domain: str) -> None:
    paired, unpaired = load_recipe(domain), load_recipe(f"{domain}-cyclegan")
    assert (paired.domain, paired.method) == (domain, "paired")
    assert (unpaired.domain, unpaired.method) == (domain, "cyclegan")


def test_cyclegan_takes_the_inputs_of_other_pairs(pairs: Path, tmp_path: Path) -> None:
    small = ("network.decoder_widths=[72, 96, 128, 192]", "network.pretrained=true", "network.work_size=0")
    recipe = tiny("infrared-cyclegan", *small, "network.width=4", "network.blocks=1", "train.batch=2")
    data = PictureData(recipe, parts := parts_of([pairs], recipe), parts)
    data.setup("fit")
    batch = data.transfer_batch_to_device(next(iter(data.train_dataloader())), torch.device("cpu"), 0)
    assert batch["other_plane"].shape == batch["plane"].shape and "other" not in batch
    assert not torch.allclose(batch["other_plane"], batch["plane"])  # another picture's
    run = train(recipe, [pairs], tmp_path / "run", options=RunOptions(max_steps=2, device="cpu", quiet=True))
    assert export(run, tmp_path / "net.onnx") < 1e-3
    assert load_model(tmp_path / "net.onnx").info.domain == "infrared"
    shown = build_method(recipe).predict_lab(torch.rand(1, 1, 32, 32) * 100)
    assert shown.shape == (1, 3, 32, 32) and shown.isfinite().all()
    other = tmp_path / "other"
    other.mkdir()
    for path in (pairs / "ir").iterdir():
        (other / path.name).write_bytes(path.read_bytes())
    apart = tiny("infrared-cyclegan", *small, "network.width=4", "network.blocks=1", "train.batch=2",
                 f"data.other={other}")  # fmt: skip
    run = train(apart, [pairs / "rgb"], tmp_path / "two", options=RunOptions(max_steps=1, device="cpu", quiet=True))
    assert (run / "samples" / "epoch-0001.jpg").is_file()
