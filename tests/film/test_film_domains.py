"""Films whose intensity is no lightness, as of night cameras: L* is made from the prediction, and doesn't flicker."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from av.video.frame import VideoFrame

from photochrom import Colorizer, Settings, load_model
from photochrom.auto import AutoColorizer
from photochrom.color.lab import rgb_to_lab
from photochrom.film.blank import barred_box
from photochrom.film.film import color_film
from photochrom.film.live import Eye
from photochrom.film.options import FilmOptions
from photochrom.film.preview import write_preview
from tests.film.films import FilmMaker, luma_of, moving, seen
from tests.film.test_carry import texture
from tests.tiny_model import write_lab_model


@pytest.fixture(scope="module", params=["infrared", "sketch"])
def predicting(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Colorizer:
    """A drawn network that gives L* = 20 + 0.5 I of the intensity I that it is shown."""
    path = tmp_path_factory.mktemp("model") / f"{request.param}.onnx"
    return load_model(write_lab_model(path, domain=request.param), threads=1)


GROUND = np.clip(cv2.resize(texture(2), (680, 520)) * 1.4 + 60, 30, 220)


def panning(n: int, size: tuple[int, int]) -> np.ndarray:
    return GROUND[: size[1], 2 * n : 2 * n + size[0]]


def trembling(n: int, size: tuple[int, int]) -> np.ndarray:
    """The same, with an exposure that trembles."""
    return (panning(n, size) - 16) * (1.12 if n % 2 else 0.9) + 16


def light(path: Path) -> np.ndarray:
    return np.stack([rgb_to_lab(rgb / 255.0)[..., 0] for rgb in seen(path).rgb])


def test_a_picture_of_a_film_is_as_one_by_itself(predicting: Colorizer, tmp_path: Path) -> None:
    source = FilmMaker("ffv1", "yuv444p", size=(192, 128), times=range(6), draw=panning).write(tmp_path / "old.mkv")
    color_film(source, tmp_path / "new.mkv", predicting)
    for n in (0, 4):
        grey = np.rint((panning(n, (192, 128)) - 16) * 255 / 219).astype(np.uint8)
        alone = rgb_to_lab(predicting.colorize(grey) / 255.0)
        film = rgb_to_lab(seen(tmp_path / "new.mkv").rgb[n] / 255.0)
        assert np.abs(film[..., 0] - alone[..., 0]).mean() < 2.5
        assert np.hypot(*(film - alone)[..., 1:].transpose(2, 0, 1)).mean() < 3
        assert np.corrcoef(film[..., 0].ravel(), alone[..., 0].ravel())[0, 1] > 0.98


def test_lightness_doesnt_tremble(predicting: Colorizer, tmp_path: Path) -> None:
    source = FilmMaker("ffv1", size=(192, 128), times=range(24), draw=trembling).write(tmp_path / "old.mkv")
    color_film(source, tmp_path / "new.mkv", predicting)
    before, after = (np.abs(np.diff(light(path).mean(axis=(1, 2)))).mean() for path in (source, tmp_path / "new.mkv"))
    assert before > 6 and after < 0.25 * before


def test_a_films_own_lightness_can_be_kept(predicting: Colorizer, tmp_path: Path) -> None:
    source = FilmMaker("ffv1", size=(96, 64), times=range(3)).write(tmp_path / "old.mkv")
    own = light(source)
    gap = []
    for keep in (0.0, 0.5, 1.0):
        color_film(source, tmp_path / "new.mkv", predicting, settings=Settings(keep_lightness=keep), overwrite=True)
        gap.append(float(np.abs(light(tmp_path / "new.mkv") - own).mean()))
    assert gap[0] > 4 and gap[2] < 1 and abs(gap[1] - gap[0] / 2) < 1


def test_ten_bits_and_a_turned_film(predicting: Colorizer, tmp_path: Path) -> None:
    plain = FilmMaker("ffv1", size=(96, 64), times=range(3)).write(tmp_path / "plain.mkv")
    deep = FilmMaker("ffv1", "yuv420p10le", size=(96, 64), times=range(3)).write(tmp_path / "deep.mkv")
    turned = FilmMaker(size=(96, 64), times=range(3), turn=90, options={"crf": "1"}).write(tmp_path / "turned.mp4")
    made = []
    for source in (plain, deep, turned):
        color_film(source, source.with_suffix(".new.mkv"), predicting)
        made.append(light(source.with_suffix(".new.mkv")))
    assert np.abs(made[0] - made[1]).mean() < 0.6
    assert np.abs(made[0] - made[2]).mean() < 3  # the network is shown it upright, so not quite the same


def test_live_pictures_of_a_night_camera(predicting: Colorizer) -> None:
    eye = Eye(predicting, Settings())
    for n in range(4):
        shown = eye.colored(VideoFrame.from_ndarray(moving(n, (96, 64)).astype(np.uint8), "gray"))
    own = luma_of(VideoFrame.from_ndarray(moving(3, (96, 64)).astype(np.uint8), "gray")).astype(float)
    assert (
        np.abs(luma_of(shown) - own).mean() > 8
        and np.ptp(shown.to_ndarray(format="rgb24").astype(int), axis=-1).mean() > 5
    )


def lines(n: int, size: tuple[int, int]) -> np.ndarray:
    """A drawing, between a blank leader and a blank end."""
    y, x = np.mgrid[: size[1], : size[0]]
    luma = np.full((size[1], size[0]), 233.0)
    if 4 <= n < 20:
        for cx, cy, r in ((120 + n, 150, 80), (260 - n, 140, 60), (200, 220, 50)):
            luma[np.abs(np.hypot(x - cx, y - cy) - r) < 2] = 20
    return luma


@pytest.mark.parametrize(
    ("draw", "kind", "of"),
    [(lines, "a drawing (sketch)", "6 of the 6"), (panning, "a photograph (photo)", "9 of the 9")],
)
def test_the_kind_of_a_film_is_told_once(
    draw: Callable[[int, tuple[int, int]], np.ndarray], kind: str, of: str, colorizer: Colorizer, tmp_path: Path
) -> None:
    drawings = load_model(write_lab_model(tmp_path / "lines.onnx", domain="sketch"), threads=1)
    auto = AutoColorizer(drawings, lambda domain: colorizer)
    source = FilmMaker("ffv1", size=(400, 300), times=range(24), draw=draw).write(tmp_path / "old.mkv")
    lossless = FilmOptions(codec="ffv1")
    result = color_film(source, tmp_path / "new.mkv", auto, options=lossless)
    assert result.notes == [f"it is taken for {kind}, as are {of} pictures that were looked at"]
    color_film(source, tmp_path / "alone.mkv", drawings if "sketch" in kind else colorizer, options=lossless)
    assert np.array_equal(seen(tmp_path / "new.mkv").rgb, seen(tmp_path / "alone.mkv").rgb)
    assert write_preview(source, tmp_path / "sheet.jpg", auto).notes == result.notes


@pytest.mark.parametrize(("turn", "across"), [(0, False), (90, False), (90, True)])
def test_black_bars_are_left_as_they_are(predicting: Colorizer, tmp_path: Path, turn: int, across: bool) -> None:
    """Inside them a film is coloured as one that has none, though its first picture is dark."""

    def inside(n: int, size: tuple[int, int]) -> np.ndarray:
        return panning(n, size) if n else np.full(size[::-1], 16.0)

    def barred(n: int, size: tuple[int, int]) -> np.ndarray:
        bars = (0, 24) if across else (24, 0)
        return np.pad(
            inside(n, (size[0] - 2 * bars[1], size[1] - 2 * bars[0])), [(bar, bar) for bar in bars], constant_values=16
        )

    lossless, made = FilmOptions(codec="ffv1"), {}
    for name, draw, size in (("with", barred, (256, 176)), ("without", inside, (208, 176) if across else (256, 128))):
        maker = FilmMaker(options={"qp": "0"}, size=size, times=range(8), draw=draw, turn=turn)
        source = maker.write(tmp_path / f"{name}.mov")
        color_film(source, tmp_path / f"{name}.mkv", predicting, options=lossless)
        made[name] = np.stack(seen(tmp_path / f"{name}.mkv").rgb)
    part = made["with"][:, :, 24:-24] if across else made["with"][:, 24:-24]
    assert np.array_equal(part, made["without"])
    assert made["with"].sum() == part.sum() and part.sum() > 0


def test_what_is_dark_on_one_side_is_no_bar() -> None:
    plane = np.full((90, 120), 50, np.float32)
    plane[:12] = 0
    assert barred_box(plane) is None
    plane[-12:] = 0
    assert barred_box(plane) == (slice(12, 78), slice(0, 120))
