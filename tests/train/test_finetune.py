"""Training an exported model on: the file's weights come back, the decoder learns, and the result exports again."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch
from tiny_training import draw_pictures

from photochrom.errors import ModelError, UnknownModelError, UsageError
from photochrom.train.export import export, to_onnx
from photochrom.train.finetune import finetune, finetune_recipe
from photochrom.train.losses.bins import Bins
from photochrom.train.methods import build_method, load_method
from photochrom.train.networks.multiscale import MultiScale, exported_scale_weights
from photochrom.train.recipe import load_recipe
from photochrom.train.run.options import RunOptions
from photochrom.train.start.from_onnx import photo_from_onnx
from photochrom.train.start.start import prior_on

CENTRES = np.array([[0, 0], [40, 30], [-40, 30], [10, -50], [60, 60]], np.float32)
TINY = ("data.size=32", "data.validation=0.25", "data.workers=0", "train.batch=4", "train.epochs=1", "train.preview=0")


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_pictures(tmp_path_factory.mktemp("pictures"), 12)


def write_model(path: Path, *settings: str) -> Path:
    """An export of a photo network whose batch norms have seen something."""
    torch.manual_seed(0)
    bins = Bins(CENTRES, np.full(len(CENTRES), 1 / len(CENTRES), np.float32))
    chosen = ("network.pretrained=false", "network.work_size=192", "network.gain=1.3", "train.stages=[1, 0, 0]")
    method = build_method(load_recipe("photo", [*chosen, *settings]), bins)
    with torch.no_grad():
        for name, value in method.network.state_dict().items():
            if "running_var" in name:
                value.uniform_(0.5, 2)
            elif "running_mean" in name:
                value.normal_(0, 0.2)
    network, spec = method.exportable()
    path.write_bytes(to_onnx(network, replace(spec, recipe="photo", licence="Apache-2.0"), half=True))
    return path


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("shipped") / "shipped.onnx", "network.two_scales=true")


def output(model: Path, lightness: np.ndarray) -> np.ndarray:
    session = ort.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    no_hints = np.zeros((len(lightness), 3, *lightness.shape[2:]), np.float32)
    return torch.from_numpy(session.run(None, {"lightness": lightness, "hints": no_hints})[0]).softmax(1).numpy()


def tuned(shipped: Path, pictures: Path, out: Path, *settings: str, whole: bool = False, **more: object) -> Path:
    options = RunOptions(device="cpu", quiet=True, **more)
    return finetune(str(shipped), [pictures], out, whole=whole, overrides=[*TINY, *settings], options=options)


@pytest.mark.parametrize(
    ("two", "larger", "half_vote", "scales", "votes"),
    [
        ("false", "false", 1, [1], [1]),
        ("true", "true", 1, [1, 0.5, 1.5], [1, 1, 1]),
        ("true", "true", 0.3, [1, 0.5, 1.5], [1, 0.3, 1]),
    ],
)
def test_the_torch_network_gives_what_the_file_gives(
    two: str, larger: str, half_vote: float, scales: list, votes: list, tmp_path: Path
) -> None:
    asked = (f"network.two_scales={two}", f"network.larger_scale={larger}", f"network.half_vote={half_vote}")
    model = write_model(tmp_path / "model.onnx", *asked)
    net, spec = photo_from_onnx(model)
    assert (spec.details["scales"], spec.details["votes"]) == (scales, votes)
    assert finetune_recipe(str(model), spec, whole=True).network.half_vote == half_vote
    assert spec.work_size == 192
    lightness = torch.rand(2, 1, 128, 64) * 100
    with torch.no_grad():
        ours = MultiScale(net, exported_scale_weights(spec.details), spec.details["smoothing"])(
            lightness, torch.zeros(2, 3, 128, 64)
        ).softmax(1)
    np.testing.assert_allclose(ours, output(model, lightness.numpy()), atol=1e-3)


def test_an_answer_counts_as_much_as_the_recipe_says() -> None:
    class ByWidth(torch.nn.Module):
        """Sure of the first colour at 64 px, of the second at 32."""

        def head_input(self, lightness: torch.Tensor, hints: None) -> torch.Tensor:
            sure = torch.tensor([0.9, 0.0] if lightness.shape[3] == 64 else [0.0, 0.9])
            return sure.reshape(1, 2, 1, 1).expand(1, 2, lightness.shape[2] // 4, lightness.shape[3] // 4)

        def logits(self, head_input: torch.Tensor) -> torch.Tensor:
            return 10 * head_input

    def first(half: float) -> float:
        logits = MultiScale(ByWidth(), {1.0: 1.0, 0.5: half})(torch.zeros(1, 1, 64, 64))
        assert logits.shape == (1, 2, 16, 16)
        return float(logits.softmax(1)[0, 0].mean())

    assert first(1.0) == pytest.approx(0.5)
    assert first(0.01) > 0.99
    assert first(100.0) < 0.01


def test_with_a_rate_of_nothing_the_model_comes_out_as_it_went_in(
    shipped: Path, pictures: Path, cache: str, tmp_path: Path
) -> None:
    run = tuned(shipped, pictures, tmp_path / "run", "optimiser.refine_rate=0", cache)
    export(run, tmp_path / "again.onnx")
    lightness = np.random.default_rng(0).uniform(0, 100, (1, 1, 64, 64)).astype(np.float32)
    np.testing.assert_allclose(output(tmp_path / "again.onnx", lightness), output(shipped, lightness), atol=1e-3)
    _, spec = photo_from_onnx(tmp_path / "again.onnx")
    assert (spec.work_size, spec.gain, spec.details["smoothing"], spec.multiple) == (192, 1.3, 0.16, 64)
    assert spec.temperature == load_recipe("photo").network.temperature
    np.testing.assert_array_equal(spec.centres, CENTRES)


def test_the_decoder_learns_the_encoder_and_the_statistics_do_not(
    shipped: Path, pictures: Path, cache: str, tmp_path: Path
) -> None:
    import photochrom

    before, _ = photo_from_onnx(shipped)
    run = tuned(shipped, pictures, tmp_path / "run", "optimiser.refine_rate=0.01", "train.ema=0", cache)
    after = load_method(run).network
    moved = {name for name, value in before.state_dict().items() if not torch.equal(value, after.state_dict()[name])}
    assert moved and all(name.startswith("decoder.") for name in moved)
    assert not [name for name in moved if "running" in name or "num_batches" in name]
    export(run, tmp_path / "tuned.onnx")
    lightness = np.full((1, 1, 64, 64), 50, np.float32)
    assert np.abs(output(tmp_path / "tuned.onnx", lightness) - output(shipped, lightness)).max() > 0.01
    assert photochrom.load_model(tmp_path / "tuned.onnx").info.recipe == "shipped-finetuned"


def test_the_whole_network_learns_when_asked_for(shipped: Path, pictures: Path, tmp_path: Path) -> None:
    before, _ = photo_from_onnx(shipped)
    run = tuned(shipped, pictures, tmp_path / "run", "train.ema=0", whole=True, max_steps=1)
    after = load_method(run).network.state_dict()
    moved = {name for name, value in before.state_dict().items() if not torch.equal(value, after[name])}
    assert any(name.startswith("encoder.") for name in moved)
    assert not any("running" in name for name in moved)


def test_what_cannot_be_tuned_is_refused(shipped: Path, pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "words.onnx").write_text("words")
    with pytest.raises(ModelError):
        tuned(tmp_path / "words.onnx", pictures, tmp_path / "run")
    with pytest.raises(UnknownModelError):
        tuned(Path("nothing"), pictures, tmp_path / "run")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no picture"):
        tuned(shipped, tmp_path / "empty", tmp_path / "run")


def test_a_prior_goes_to_the_nearest_centre() -> None:
    counted = Bins(np.array([[0, 0], [50, 30], [-100, 0]], np.float32), np.array([0.5, 0.3, 0.2], np.float32))
    np.testing.assert_allclose(prior_on(CENTRES, counted), [0.5, 0.3, 0.2, 0, 0], atol=1e-6)
