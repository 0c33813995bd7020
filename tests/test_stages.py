"""What a model that ships would paint after each level of its decoder, without torch."""

from pathlib import Path

import numpy as np
import pytest

import photochrom
from photochrom.color.resample import resize
from photochrom.errors import ModelError, UsageError
from photochrom.explain.stages import stages
from photochrom.network.levels import Fit, load_levels, save_levels
from photochrom.photo import Photo

CAT = Path(__file__).parents[1] / "samples" / "cat.jpg"


@pytest.mark.parametrize("name", ["photo", "photo-fast"])
def test_colour_comes_from_coarse_to_fine(name: str) -> None:
    model = photochrom.load_model(name)
    prediction = model.predict(Photo.open(CAT))
    found = stages(model.info, prediction)
    assert [stage.stride for stage in found] == [32, 16, 8, 4, 4]
    high, wide = prediction.shown.shape
    assert all(stage.ab.shape == (high // stage.stride, wide // stage.stride, 2) for stage in found)
    explained = [stage.explained for stage in found]
    assert explained == sorted(explained) and explained[0] > 0.3 and explained[-1] == 1
    np.testing.assert_array_equal(found[-1].ab, prediction.ab())
    shape = prediction.ab().shape
    errors = [np.abs(resize(stage.ab, (shape[1], shape[0])) - prediction.ab()).mean() for stage in found]
    grey = np.abs(prediction.ab()).mean()
    assert errors[3] < errors[0] < grey, "on this picture too, which the readings were not fitted on"


def test_a_model_whose_levels_nobody_read_is_told_so(tmp_path: Path) -> None:
    shipped = photochrom.load_model("photo-fast").info
    copy = tmp_path / "mine.onnx"
    copy.write_bytes(shipped.file.read_bytes())
    model = photochrom.load_model(copy)
    prediction = model.predict(Photo.open(CAT))
    with pytest.raises(ModelError, match="use one that ships"):
        stages(model.info, prediction)


def test_readings_are_those_of_their_own_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    fit = Fit("1/8", "x")
    true = rng.normal(size=(5, 2)).astype(np.float32)
    for _ in range(6):
        features = rng.normal(size=(5, 8, 8)).astype(np.float32)
        fit.add(features, np.moveaxis(features, 0, -1) @ true + np.float32(3))
    level = fit.level()
    np.testing.assert_allclose(level.weights, true, atol=0.02)
    np.testing.assert_allclose(level.bias, 3, atol=0.05)
    assert level.explained > 0.99

    save_levels([level], tmp_path / "m.levels.json", sha256="abc")
    (back,) = load_levels(tmp_path / "m.levels.json", sha256="abc")
    np.testing.assert_allclose(back.weights, level.weights, rtol=1e-4)
    with pytest.raises(ModelError, match="another model"):
        load_levels(tmp_path / "m.levels.json", sha256="abd")
    (tmp_path / "m.levels.json").write_text("{")
    with pytest.raises(ModelError, match="can't be read"):
        load_levels(tmp_path / "m.levels.json", sha256="abc")


def test_a_reading_of_noise_explains_nothing() -> None:
    rng = np.random.default_rng(0)
    fit = Fit("1/8", "x")
    for _ in range(40):
        fit.add(rng.normal(size=(5, 8, 8)).astype(np.float32), rng.normal(size=(8, 8, 2)).astype(np.float32))
    assert abs(fit.level().explained) < 0.05
    with pytest.raises(UsageError, match="at least 2"):
        Fit("1/8", "x").level()
