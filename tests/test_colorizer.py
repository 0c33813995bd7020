import io
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import photochrom
from photochrom import Colorizer, Photo, PictureError, PictureWarning, UsageError
from photochrom.color.lab import rgb_to_lab
from photochrom.color.lightness import lightness

from .tiny_model import metadata, write_model


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Colorizer:
    return photochrom.load_model(write_model(tmp_path_factory.mktemp("model") / "drawn.onnx"))


@pytest.fixture(scope="module")
def shipped() -> Colorizer:
    return photochrom.load_model("photo")


@pytest.fixture
def halves() -> np.ndarray:
    """Dark on the left, bright on the right."""
    return np.repeat(np.where(np.arange(96) < 48, 60, 200)[None], 64, axis=0).astype(np.uint8)


def chroma(rgb: np.ndarray) -> float:
    lab = rgb_to_lab(rgb[..., :3].astype(np.float32) / np.iinfo(rgb.dtype).max)
    return float(np.hypot(lab[..., 1], lab[..., 2]).mean())


def png(array: np.ndarray) -> bytes:
    memory = io.BytesIO()
    Image.fromarray(array).save(memory, "PNG")
    return memory.getvalue()


def test_the_network_decides_the_colours(drawn: Colorizer, halves: np.ndarray) -> None:
    lab = rgb_to_lab(drawn.colorize(halves).astype(np.float32) / 255)
    dark, bright = lab[32, 10], lab[32, 85]
    assert bright[1] > 20 and bright[2] > 10  # orange
    assert dark[2] < -20  # blue


def test_every_kind_comes_back_as_itself(drawn: Colorizer, halves: np.ndarray, tmp_path: Path) -> None:
    Image.fromarray(halves).save(tmp_path / "a.png")
    expected = drawn.colorize(halves)
    assert expected.shape == (64, 96, 3) and expected.dtype == np.uint8
    for path in (tmp_path / "a.png", str(tmp_path / "a.png")):
        photo = drawn.colorize(path)
        assert isinstance(photo, Photo)
        np.testing.assert_array_equal(photo.pixels, expected)
    encoded = drawn.colorize(png(halves))
    assert isinstance(encoded, bytes)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(encoded))), expected)
    image = drawn.colorize(Image.fromarray(halves))
    assert isinstance(image, Image.Image)
    np.testing.assert_array_equal(np.asarray(image), expected)
    several = drawn.colorize([halves, tmp_path / "a.png", png(halves)])
    assert [type(one) for one in several] == [np.ndarray, Photo, bytes]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float16, np.float32, np.float64])
@pytest.mark.parametrize("channels", [None, 1, 2, 3, 4])
def test_arrays_keep_dtype_alpha_and_lightness(drawn: Colorizer, halves: np.ndarray, dtype: Any, channels: int) -> None:
    top = np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else 1.0
    grey = (halves / 255 * top).astype(dtype)
    alpha = np.full_like(grey, top / 2)
    planes = {None: grey, 1: [grey], 2: [grey, alpha], 3: [grey] * 3, 4: [grey, grey, grey, alpha]}[channels]
    given = grey if channels is None else np.stack(planes, axis=-1)
    out = drawn.colorize(given)
    assert out.dtype == dtype
    assert out.shape == (64, 96, 4 if channels in (2, 4) else 3)
    if channels in (2, 4):
        np.testing.assert_allclose(out[..., 3].astype(float), alpha.astype(float), rtol=2e-3)
    before = lightness(np.rint(grey.astype(float) / top * 65535).astype(np.uint16))
    after = lightness(np.rint(out[..., :3].astype(float) / top * 65535).astype(np.uint16))
    assert abs(after - before).max() < 1.0


def test_strength_and_vividness(drawn: Colorizer, halves: np.ndarray) -> None:
    grey = drawn.colorize(halves, strength=0)
    np.testing.assert_array_equal(grey, np.repeat(halves[..., None], 3, axis=2))
    muted = np.full((64, 64), 140, np.uint8)  # L of about 58: the drawn network is unsure, and nothing is out of gamut
    levels = [chroma(drawn.colorize(muted, strength=s)) for s in (0.3, 0.6, 1.0)]
    np.testing.assert_allclose(np.array(levels[:2]) / levels[2], [0.3, 0.6], atol=0.05)
    levels = [chroma(drawn.colorize(muted, vividness=v)) for v in (0.0, 1.0, 2.0)]
    assert levels[0] < levels[1] < levels[2]


def test_a_file_may_ask_for_more_chroma(tmp_path: Path, drawn: Colorizer) -> None:
    muted = np.full((64, 64), 140, np.uint8)
    eager = photochrom.load_model(write_model(tmp_path / "eager.onnx", meta=metadata(gain=1.4)))
    np.testing.assert_array_equal(eager.colorize(muted), drawn.colorize(muted, strength=1.4))


def test_variants(shipped: Colorizer) -> None:
    from skimage.data import coffee

    grey = Photo.from_array(coffee()).pixels.mean(axis=2).astype(np.uint8)[::2, ::2]
    first, *others = shipped.variants(grey, 4)
    np.testing.assert_array_equal(first, shipped.colorize(grey))
    seen = [first]
    for other in others:
        assert all(abs(other.astype(float) - one).mean() > 0.5 for one in seen)
        seen.append(other)
    again = shipped.variants(grey, 4)
    np.testing.assert_array_equal(again[2], seen[2])
    np.testing.assert_array_equal(shipped.colorize(grey, seed=1), seen[1])


def test_ab_head_has_colours_but_no_variants(tmp_path: Path, halves: np.ndarray) -> None:
    model = photochrom.load_model(write_model(tmp_path / "ab.onnx", head="ab"))
    lab = rgb_to_lab(model.colorize(halves).astype(np.float32) / 255)
    assert lab[32, 85, 1] == pytest.approx(0.5 * (lab[32, 85, 0] - 50), abs=1.5)
    assert lab[32, 85, 2] == pytest.approx(10, abs=1.5)
    with pytest.raises(UsageError, match="no variants"):
        model.variants(halves, 2)


def test_colour_is_replaced_with_a_warning_and_sepia_without(drawn: Colorizer, halves: np.ndarray) -> None:
    from skimage.data import coffee

    with pytest.warns(PictureWarning, match="has colour already"):
        drawn.colorize(coffee()[::4, ::4])
    sepia = (halves[..., None] * np.array([1.0, 0.85, 0.65])).astype(np.uint8)
    dropped = drawn.colorize(sepia, strength=0)  # warnings are errors here: none is given
    assert chroma(dropped) < 1
    kept = rgb_to_lab(drawn.colorize(sepia, strength=0, keep_tint=True).astype(np.float32) / 255)
    np.testing.assert_allclose(kept[32, [10, 85]], rgb_to_lab(sepia.astype(np.float32) / 255)[32, [10, 85]], atol=2.5)


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (3, 3000), (3000, 3), (31, 33), (65, 64)])
def test_odd_sizes(drawn: Colorizer, size: tuple[int, int]) -> None:
    grey = np.random.default_rng(0).integers(0, 256, size).astype(np.uint8)
    assert drawn.colorize(grey).shape == (*size, 3)


@pytest.mark.parametrize(
    ("size", "detail", "expected"),
    [
        ((640, 480), 256, (352, 256)),
        ((480, 640), 256, (256, 352)),
        ((50, 50), 64, (64, 64)),
        ((100, 100), 300, (288, 288)),
        ((100000, 10), 256, (2048, 256)),
    ],
)
def test_work_size(drawn: Colorizer, size: tuple[int, int], detail: int, expected: tuple[int, int]) -> None:
    assert drawn.work_size(size, detail) == expected


@pytest.mark.parametrize(
    "options",
    [
        {"strength": 1.6},
        {"strength": -0.1},
        {"strength": float("nan")},
        {"vividness": 2.5},
        {"detail": 32},
        {"seed": -1},
    ],
)
def test_options_out_of_range(drawn: Colorizer, halves: np.ndarray, options: dict[str, Any]) -> None:
    name = next(iter(options))
    with pytest.raises(UsageError, match=name):
        drawn.colorize(halves, **options)


@pytest.mark.parametrize("bad", [3, None, {"a": 1}])
def test_kinds_that_are_no_picture(drawn: Colorizer, bad: Any) -> None:
    with pytest.raises(UsageError, match="can't colour a"):
        drawn.colorize(bad)


def test_bad_bytes(drawn: Colorizer) -> None:
    with pytest.raises(PictureError):
        drawn.colorize(b"no picture")


def test_threads_share_a_model(shipped: Colorizer) -> None:
    rng = np.random.default_rng(1)
    pictures = [np.cumsum(rng.integers(-3, 4, (60, 80 + 20 * i)), axis=1).astype(np.uint8) for i in range(4)]
    alone = [shipped.colorize(p, detail=64) for p in pictures]
    together: dict[int, np.ndarray] = {}

    def work(i: int) -> None:
        for _ in range(3):
            together[i] = shipped.colorize(pictures[i], detail=64)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i, expected in enumerate(alone):
        np.testing.assert_array_equal(together[i], expected)


def test_the_shipped_model_makes_a_colour_picture(shipped: Colorizer) -> None:
    from skimage.data import astronaut

    truth = astronaut()
    grey = (lightness(truth) * 2.55).astype(np.uint8)
    out = shipped.colorize(grey)
    assert chroma(out) > 6
    skin = rgb_to_lab(out[100:160, 200:260].astype(np.float32) / 255)[..., 1:].mean(axis=(0, 1))
    assert skin[0] > 2 and skin[1] > 5  # reddish and yellowish, as a face is
    assert abs(lightness(out) - lightness(grey)).mean() < 0.3


def test_one_call(tmp_path: Path) -> None:
    cat = Path(__file__).parent.parent / "samples" / "cat.jpg"  # two flat greys might rightly stay grey
    path = photochrom.colorize(cat).save(tmp_path / "new.png")
    assert chroma(np.asarray(Image.open(path))) > 5
