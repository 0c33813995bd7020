"""Films are measured: what stays put, what flickers, what is no truth."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.skipif(not (find_spec("av") and find_spec("cv2")), reason="needs the extra film")


def moving(count: int = 10) -> np.ndarray:
    """Pictures (N,60,90,3) of coloured ground that pans by two pixels a picture."""
    rng = np.random.default_rng(0)
    ground = np.kron(rng.integers(40, 220, (12, 24, 3)), np.ones((6, 6, 1)))
    ground += rng.normal(0, 4, ground.shape[:2])[..., None]
    windows = [ground[6:66, 2 * n + 6 : 2 * n + 96] for n in range(count)]
    return np.clip(np.stack(windows), 0, 255).astype(np.uint8)


def test_what_moves_with_things_is_no_flicker() -> None:
    from photochrom.evaluate.film.measures import (
        Motion,
        distribution_consistency,
        measure_film,
        warped_error,
        warped_lightness_error,
    )
    from photochrom.evaluate.metrics.picture import lab_of

    truth = moving()
    labs = [lab_of(picture) for picture in truth]
    motion = Motion(truth)
    steady = warped_error(labs, motion)
    shaken = [lab + np.array([0, 6.0 * (n % 2), 0], np.float32) for n, lab in enumerate(labs)]
    assert steady < 3 and abs(warped_error(shaken, motion) - steady) > 3
    lit = [lab + np.array([6.0 * (n % 2), 0, 0], np.float32) for n, lab in enumerate(labs)]
    assert warped_error(lit, motion) == pytest.approx(steady)
    assert warped_lightness_error(lit, motion) > warped_lightness_error(labs, motion) + 2
    dimmed = truth.copy()
    dimmed[1::2, ..., 0] = dimmed[1::2, ..., 0] * 0.7
    assert distribution_consistency(dimmed) > 3 * distribution_consistency(truth)
    same = measure_film(truth, truth, labs, motion, None)
    assert same["ciede2000"] == 0 and same["warped"] == pytest.approx(steady)


def test_the_verb(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import av

    from photochrom.errors import PictureError
    from photochrom.evaluate.film.run import run
    from photochrom.evaluate.settings import EvaluationSettings
    from tests.tiny_model import write_model

    model = write_model(tmp_path / "tiny.onnx")
    for name, pictures in (("color", moving()), ("grey", np.repeat(moving()[..., :1], 3, axis=-1))):
        with av.open(str(tmp_path / f"{name}.mkv"), "w") as film:
            stream = film.add_stream("ffv1", rate=25)
            stream.width, stream.height, stream.pix_fmt = 90, 60, "yuv444p"
            for picture in pictures:
                film.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format="yuv444p")))
            film.mux(stream.encode(None))
    settings = EvaluationSettings(without=("lpips_alex",), threads=1)
    assert run([tmp_path / "color.mkv"], [str(model)], tmp_path / "out", settings=settings) == 0
    table = capsys.readouterr().out
    assert "| color | truth |" in table and "| color | tiny, carried |" in table
    assert (tmp_path / "out" / "film-color.png").stat().st_size > 1000
    with pytest.raises(PictureError, match="has no colour"):
        run([tmp_path / "grey.mkv"], [str(model)], tmp_path / "out", settings=settings)


def test_a_domain_gets_the_input_that_it_is_for() -> None:
    from photochrom.evaluate.film.clips import grey_film

    truth = np.full((2, 32, 32, 3), (70, 120, 50), np.uint8)  # leaves
    grey, near, drawn = (
        grey_film(truth, domain)[1][0].image.to_ndarray() for domain in ("photo", "infrared", "sketch")
    )
    assert near.mean() > grey.mean() + 50 and drawn.mean() > 240
