"""`photochrom prepare`: drawings, simulated infrared, and pairs of two cameras; needs OpenCV."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from typer.testing import CliRunner

cv2 = pytest.importorskip("cv2")

import photochrom  # noqa: E402
from photochrom.cli.main import app  # noqa: E402  needs OpenCV only when it runs
from photochrom.color.lab import rgb_to_lab  # noqa: E402
from photochrom.color.lightness import lightness  # noqa: E402
from photochrom.errors import ModelError, PictureError, UsageError  # noqa: E402
from photochrom.pictures.find import find_pictures  # noqa: E402
from photochrom.prepare.align import align  # noqa: E402
from photochrom.prepare.infrared import InfraredStyle, as_infrared, random_infrared  # noqa: E402
from photochrom.prepare.lines import LINE_KINDS, LineStyle, draw_lines, random_style  # noqa: E402
from photochrom.prepare.matching import key_of, matched  # noqa: E402
from photochrom.prepare.translate import open_translator, translated  # noqa: E402

from .tiny_model import write_lab_model, write_reverse_model  # noqa: E402

Pixels = NDArray[np.uint8]


def scene(size: tuple[int, int] = (240, 180), seed: int = 0) -> Pixels:
    """A sky, a meadow and many discs of other colours, with a little texture, (height, width, 3)."""
    rng = np.random.default_rng(seed)
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    rgb = np.where((y < height / 2)[..., None], [120, 170, 230], [70, 140, 50]).astype(np.float64)
    for _ in range(40):
        cy, cx, radius = rng.uniform(0, height), rng.uniform(0, width), rng.uniform(4, 18)
        rgb[(y - cy) ** 2 + (x - cx) ** 2 < radius**2] = rng.uniform(0, 255, 3)
    texture = Image.fromarray(rng.integers(0, 50, (height // 4, width // 4)).astype(np.uint8)).resize(size)
    return np.clip(rgb + np.asarray(texture)[..., None] - 25.0, 0, 255).astype(np.uint8)


def call(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["prepare", *map(str, words)])
    return result.exit_code, result.stdout, result.stderr


# Drawings


@pytest.mark.parametrize("kind", LINE_KINDS)
def test_lines_are_dark_where_things_end_and_paper_is_white_elsewhere(kind: str) -> None:
    picture = np.full((192, 192, 3), 200, np.uint8)
    y, x = np.mgrid[0:192, 0:192]
    distance = np.hypot(y - 96, x - 96)
    picture[distance < 50] = (160, 60, 40)
    drawn = draw_lines(picture, LineStyle(kind=kind))  # type: ignore[arg-type]  # parametrized
    assert drawn.shape == (192, 192) and drawn.dtype == np.uint8
    assert drawn[np.abs(distance - 50) < 2].mean() < 190
    assert drawn[np.abs(distance - 50) > 8].mean() > 245


def test_a_style_changes_pen_paper_and_black() -> None:
    picture = scene()
    plain = draw_lines(picture, LineStyle(black=0))
    assert draw_lines(picture, LineStyle(black=0, pen=2)).mean() < plain.mean()
    assert draw_lines(picture, LineStyle(black=0, paper=0.8)).max() == 204
    assert draw_lines(picture, LineStyle(black=0, ink=0.5)).min() > plain.min() + 80
    dark = np.full((64, 64, 3), 20, np.uint8)
    assert draw_lines(dark, LineStyle(black=0.3)).mean() < 60 < draw_lines(dark, LineStyle(black=0)).mean()
    assert (draw_lines(picture, LineStyle(grain=0.1)) != draw_lines(picture, LineStyle())).any()


def test_random_styles_differ_and_a_seed_repeats_them() -> None:
    styles = [random_style(np.random.default_rng(n)) for n in range(30)]
    assert len({style.kind for style in styles}) >= 3 and len(set(styles)) == 30
    assert styles[3] == random_style(np.random.default_rng(3))


def test_lines_of_one_picture_at_two_sizes_are_alike() -> None:
    small = scene((192, 192))
    large = np.asarray(Image.fromarray(small).resize((768, 768), Image.Resampling.BICUBIC))
    drawn = Image.fromarray(draw_lines(large, LineStyle(black=0))).resize((192, 192), Image.Resampling.BOX)
    a, b = (p.astype(float).ravel() for p in (np.asarray(drawn), draw_lines(small, LineStyle(black=0))))
    assert np.corrcoef(a, b)[0, 1] > 0.75


# Infrared


def test_plants_are_bright_and_the_sky_is_dark() -> None:
    colors = np.array([[[40, 90, 30], [90, 140, 220], [150, 140, 130]]], np.uint8)  # leaf, sky, stone
    plants, sky, stone = as_infrared(colors, InfraredStyle())[0].astype(int)
    grey = lightness(colors)[0]
    assert grey[0] < grey[1]
    assert plants > stone > sky
    np.testing.assert_array_equal(as_infrared(colors, InfraredStyle(kind="red")), colors[..., 0])
    assert len({as_infrared(colors, random_infrared(np.random.default_rng(n))).tobytes() for n in range(10)}) > 5


# Pairs of two cameras


def moved(picture: Pixels, degrees: float, scale: float, shift: tuple[float, float]) -> Pixels:
    """As a camera beside the first would see it."""
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, scale)
    matrix[:, 2] += shift
    seen = cv2.warpAffine(picture, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(seen[:, : width - 20], np.uint8)


@pytest.mark.parametrize("how", ["ecc", "homography", "auto"])
def test_an_input_is_laid_over_its_picture(how: str) -> None:
    truth = scene((320, 240))
    infrared = np.repeat(as_infrared(truth, InfraredStyle(kind="red"))[..., None], 3, axis=2)
    given = moved(255 - infrared if how == "ecc" else infrared, 2.0, 0.97, (5, -3))
    aligned = align(truth, given, how)  # type: ignore[arg-type]  # parametrized
    assert aligned.truth.shape == aligned.given.shape and aligned.truth.shape[1] > 250
    red, ours = aligned.truth[8:-8, 8:-8, 0].astype(float), aligned.given[8:-8, 8:-8, 0].astype(float)
    assert abs(np.corrcoef(red.ravel(), ours.ravel())[0, 1]) > 0.95  # 0.8 where it is two pixels off


def test_pictures_of_one_shape_are_only_resized() -> None:
    truth = scene((200, 150))
    small = np.asarray(Image.fromarray(truth).resize((100, 75), Image.Resampling.BOX))
    aligned = align(truth, small)
    assert aligned.truth.shape == truth.shape == aligned.given.shape
    np.testing.assert_array_equal(aligned.truth, truth)


def test_what_shows_something_else_is_refused() -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (90, 300, 3)).astype(np.uint8)
    with pytest.raises(PictureError, match="can't be laid over"):
        align(scene((200, 150)), noise)
    with pytest.raises(PictureError, match="can't be laid over"):
        align(scene((200, 150)), np.full((90, 300, 3), 7, np.uint8))


def test_names_are_matched_without_their_kind() -> None:
    assert key_of("a/0001_rgb.png") == key_of("A/0001-NIR.tiff") == "a/0001"
    assert key_of("rgb/12.jpg") == key_of("12.thermal.png") == "12"


# The command


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    for n, name in enumerate(("a.png", "deep/b.jpg", "a.jpg")):
        Image.fromarray(scene(seed=n)).save(folder / name)
    return folder


def test_made_inputs_are_pairs_for_training(pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code, told, counts = call("sketch", pictures, "-o", out)
    assert (code, told.strip()) == (0, str(out)) and "3 prepared" in counts
    found = find_pictures([out])
    assert len(found) == 3
    for picture in found:
        given = picture.input("sketch")
        assert given is not None and given.pixels().shape == picture.pixels().shape
    assert (out / "rgb" / "deep" / "b.jpg").read_bytes() == (pictures / "deep" / "b.jpg").read_bytes()
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.png")}
    code, _, counts = call("sketch", pictures, "-o", out)
    assert code == 0 and "3 there already" in counts
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*.png")} == before


def test_a_seed_gives_the_same_drawings(pictures: Path, tmp_path: Path) -> None:
    drawn = []
    for n, seed in enumerate((1, 1, 2)):
        assert call("sketch", pictures, "-o", tmp_path / str(n), "--alone", "--seed", seed)[0] == 0
        drawn.append([path.read_bytes() for path in sorted((tmp_path / str(n)).rglob("*.png"))])
        assert not (tmp_path / str(n) / "rgb").exists()
    assert drawn[0] == drawn[1] != drawn[2] and len(drawn[0]) == 3


def test_one_bad_picture_does_not_stop_the_others(pictures: Path, tmp_path: Path) -> None:
    (pictures / "broken.png").write_bytes(b"no picture")
    code, _, told = call("infrared", pictures, "-o", tmp_path / "out")
    assert code == 1 and "broken.png" in told and "3 prepared, 1 failed" in told
    assert len(list((tmp_path / "out" / "ir").rglob("*.png"))) == 3
    assert not (tmp_path / "out" / "rgb" / "broken.png").exists()


@pytest.mark.parametrize(("domain", "word"), [("infrared", "infrared"), ("sketch", "sketch"), ("photo", "input")])
def test_a_network_makes_the_inputs(pictures: Path, tmp_path: Path, domain: str, word: str) -> None:
    """The drawn network turns light to dark, and red to bright."""
    model = write_reverse_model(tmp_path / "reverse.onnx", domain=domain)
    out = tmp_path / "out"
    code, told, counts = call("simulated", pictures, "-o", out, "-m", model)
    assert (code, told.strip()) == (0, str(out)) and "3 prepared" in counts
    found = find_pictures([out])
    assert len(found) == 3
    for picture in found:
        given = picture.input(word)
        assert given is not None and given.pixels().shape == picture.pixels().shape
        ours, lab = lightness(given.pixels()), rgb_to_lab(picture.pixels() / np.float32(255))
        expected = np.clip(100 - 0.8 * lab[..., 0] + 0.5 * lab[..., 1], 0, 100)
        assert np.corrcoef(ours.ravel(), expected.ravel())[0, 1] > (0.9 if domain != "sketch" else 0.6)
        assert abs(float(ours.mean() - expected.mean())) < 4


def test_fine_texture_goes_into_what_a_network_makes(tmp_path: Path) -> None:
    """Stripes of 2 px, which the network, at 64 px, hardly sees, are in an infrared picture and not in a drawing."""
    picture = np.full((512, 512, 3), 120, np.uint8)
    picture[:, 1::4] = picture[:, 2::4] = 160
    spread = {}
    for domain in ("infrared", "sketch"):
        network = open_translator(str(write_reverse_model(tmp_path / f"{domain}.onnx", domain=domain)))
        spread[domain] = float(translated(network, picture).astype(float).std())
    assert spread["infrared"] > 8 and spread["sketch"] < 2


def test_only_a_network_for_the_way_back_makes_inputs(pictures: Path, tmp_path: Path) -> None:
    forth = write_lab_model(tmp_path / "forth.onnx", domain="infrared")
    code, _, told = call("simulated", pictures, "-o", tmp_path / "o", "-m", forth)
    assert code == 2 and "export --reverse" in told and not (tmp_path / "o").exists()
    back = write_reverse_model(tmp_path / "back.onnx", domain="infrared")
    with pytest.raises(ModelError, match="prepare simulated"):
        photochrom.load_model(back)


def test_pairs_of_two_folders(tmp_path: Path) -> None:
    for n in range(3):
        truth = scene((320, 240), seed=n)
        red = np.repeat(truth[..., :1], 3, axis=2)
        given = moved(red, 1.5, 1.0, (4, 2))
        for side, picture in (("rgb", truth), ("nir", given)):
            (tmp_path / side).mkdir(exist_ok=True)
            Image.fromarray(picture).save(tmp_path / side / f"{n:03}_{side}.png")
    Image.fromarray(scene()).save(tmp_path / "rgb" / "alone.png")
    out = tmp_path / "out"
    code, _, told = call("pairs", tmp_path / "rgb", tmp_path / "nir", "-o", out)
    assert code == 0 and "3 prepared" in told
    found = find_pictures([out])
    assert len(found) == 3 and all(picture.input("ir") for picture in found)
    code, _, told = call("pairs", tmp_path / "rgb", tmp_path / "nir", "-o", out)
    assert code == 0 and "3 there already" in told
    (out / "ir" / "000.png").unlink()
    code, _, told = call("pairs", tmp_path / "rgb", tmp_path / "nir", "-o", out)
    assert code == 1 and "without its other half" in told


def test_wrong_use_is_refused_in_a_sentence(pictures: Path, tmp_path: Path) -> None:
    code, _, told = call("sketch", pictures, "-o", tmp_path / "o", "--style", "xdoc")
    assert code == 2 and "did you mean 'xdog'?" in told
    code, _, told = call("pairs", pictures, pictures / "deep", "-o", tmp_path / "o")
    assert code == 2 and "have one name" in told
    code, _, told = call("infrared", tmp_path / "nowhere", "-o", tmp_path / "o")
    assert code == 2 and "there is no" in told
    only, others = tmp_path / "only", tmp_path / "others"
    for folder, name in ((only, "x.png"), (others, "y.png")):
        folder.mkdir()
        Image.fromarray(scene()).save(folder / name)
    with pytest.raises(UsageError, match="name both of a pair alike"):
        matched(find_pictures([only]), find_pictures([others]))
