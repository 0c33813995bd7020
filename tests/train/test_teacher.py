"""Learning from another network's distributions: from a model that is asked at two sizes to one that is asked once."""

from pathlib import Path

import pytest
import torch
from test_photo_recipe import TINY, run, values
from tiny_training import draw_pictures

from photochrom.errors import UnknownModelError, UsageError
from photochrom.train.export import export
from photochrom.train.losses.bins import Bins
from photochrom.train.losses.teacher import Teacher, distillation_loss
from photochrom.train.methods import load_method
from photochrom.train.recipe import Recipe, load_recipe
from photochrom.train.recipe.load import recipe_to_train

pytestmark = pytest.mark.usefixtures("one_thread")
SIZE = 64  # of squares: at half of it the network still has a place
# Taught by another network alone: no true colours, no critic, no discriminator.
TAUGHT = (
    "loss.distribution_weight=0",
    "loss.perceptual_weight=0",
    "loss.semantic_weight=0",
    "loss.adversarial=none",
    "loss.huber_weight=0",
    "loss.detail_share=0",
    "network.dropout=0",
    "train.stages=[1, 0, 0]",
)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_pictures(tmp_path_factory.mktemp("pictures"), 8, size=(SIZE, SIZE))


@pytest.fixture(scope="module")
def taught_by(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of random weights, exported to be asked at two sizes."""
    folder = tmp_path_factory.mktemp("teacher")
    settings = (*TINY, f"data.size={SIZE}", "network.encoder=tf_efficientnet_lite0", "train.stages=[1, 0, 0]")
    recipe = load_recipe("photo", [*settings, "network.two_scales=true", "train.hints_share=0", "train.fid=0"])
    out = run(recipe, pictures, folder / "run", max_steps=1)
    export(out, folder / "teacher.onnx")
    return folder / "teacher.onnx"


def once(teacher: Path, *settings: str) -> Recipe:
    own = (f"loss.teacher={teacher}", f"data.size={SIZE}", "network.encoder=tf_efficientnet_lite0")
    quick = ("train.fid=0", "train.hints_share=0", "train.ema=0", "loss.critic_crop=0")
    return load_recipe("photo", [*TINY, *own, *quick, *TAUGHT, *settings])


def test_what_a_model_says_at_two_sizes_is_learned_by_one_that_is_asked_once(
    pictures: Path, taught_by: Path, tmp_path: Path
) -> None:
    fast = ("train.epochs=6", "optimiser.rate=2e-3", "augment.aged=0", "augment.plain=0", "data.zoom=1")
    out = run(once(taught_by, *fast), pictures, tmp_path / "run", start=taught_by)
    told = values(out, "train/teacher_step")
    assert not values(out, "train/distribution_step")
    assert sum(told[-3:]) < 0.6 * sum(told[:3]), told
    saved = torch.load(out / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
    assert all(name.startswith("network.") for name in saved)  # not the teacher's weights too
    assert load_method(out).predict_ab(torch.rand(1, 1, SIZE, SIZE) * 100).shape == (1, 2, SIZE, SIZE)


def test_true_colours_and_a_teacher_together(pictures: Path, taught_by: Path, tmp_path: Path) -> None:
    both = once(taught_by, "train.epochs=1", "loss.distribution_weight=1", "loss.teacher_weight=0.5")
    out = run(both, pictures, tmp_path / "run", start=taught_by)
    for total, *parts in zip(
        *(values(out, f"train/{name}_step") for name in ("loss", "distribution", "teacher")), strict=True
    ):
        assert total == pytest.approx(sum(parts), rel=1e-5)


def test_a_teacher_says_what_its_file_says_with_or_without_its_smoothing(taught_by: Path) -> None:
    import onnxruntime as ort

    centres = load_method(taught_by.parent / "run").bins
    lightness = torch.rand(2, 1, SIZE, SIZE) * 100
    session = ort.InferenceSession(taught_by, providers=["CPUExecutionProvider"])
    given = {"lightness": lightness.numpy(), "hints": torch.zeros(2, 3, SIZE, SIZE).numpy()}
    file = torch.from_numpy(session.run(None, given)[0]).softmax(1)
    smooth, plain = (
        Teacher.read(str(taught_by), centres, SIZE, smoothed=smoothed).logits(lightness).softmax(1)
        for smoothed in (True, False)
    )
    torch.testing.assert_close(smooth, file, atol=1e-4, rtol=0)
    assert (smooth - plain).abs().max() > 1e-4


def test_the_divergence_is_least_where_both_agree() -> None:
    taught = torch.randn(2, 5, 3, 3)
    assert distillation_loss(taught + 7, taught) == pytest.approx(0, abs=1e-6)  # a constant changes no probability
    shifted = taught.clone()
    shifted[:, 0] += 1
    assert 0 < distillation_loss(shifted, taught) < distillation_loss(shifted + (shifted - taught), taught)


def test_what_does_not_fit_is_refused(pictures: Path, taught_by: Path, tmp_path: Path) -> None:
    bins = load_method(taught_by.parent / "run").bins
    with pytest.raises(UsageError, match="bins"):
        Teacher.read(str(taught_by), Bins(bins.centres[1:], bins.prior[1:]), SIZE, smoothed=True)
    with pytest.raises(UsageError, match="multiples of 64"):
        Teacher.read(str(taught_by), bins, 96, smoothed=True)
    with pytest.raises(UnknownModelError, match="photo"):
        run(once(taught_by, "loss.teacher=photoo"), pictures, tmp_path / "run")
    assert not (tmp_path / "run").exists()
    with pytest.raises(UsageError, match=r"without loss\.teacher"):
        recipe_to_train("photo", ["loss.teacher_weight=2"])
    with pytest.raises(UsageError, match="method = regression"):
        recipe_to_train("resnet50-frozen", ["loss.teacher=photo"])
