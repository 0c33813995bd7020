"""Hints as people give them, and that they are met: in their stroke, all over their thing, and not beyond."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import photochrom
from photochrom import Colorizer, Guide, Hint, Photo, UsageError
from photochrom.cli.main import app
from photochrom.color.geodesic import distances, edge_costs
from photochrom.color.lab import rgb_to_lab
from photochrom.color.named import ab_of
from photochrom.guidance.asking import hinted_output
from photochrom.guidance.fill import meet_hints
from photochrom.guidance.hint_files import parse_hint, read_hints
from tests.conftest import FakeModel


def ab(pixels: np.ndarray) -> np.ndarray:
    return rgb_to_lab(pixels[..., :3].astype(np.float32) / 255)[..., 1:]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("320,200=#7a1f1f", Hint(320, 200, "#7a1f1f")),
        (" 320 , 200 = olive @ 8 ", Hint(320, 200, "olive", 8)),
        ("45%,30%=rgb(1, 2, 3)@2%", Hint(0.45, 0.3, "rgb(1, 2, 3)", 0.02, "share")),
        ("0.5,1e2=grey@3px", Hint(0.5, 100, "grey", 3)),
    ],
)
def test_hints_of_the_command_line(text: str, hint: Hint) -> None:
    assert parse_hint(text) == hint


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("320,200", "is no hint: write it like"),
        ("320=red", "is no hint"),
        ("1.2.3,4=red", "is no hint"),
        ("320,200=reed", "did you mean 'red'"),
        ("-3,200=red", "x of a hint must be 0 px or more"),
        ("130%,20%=red", r"x of a hint must be in 0\.\.1"),
        ("30%,20=red", "mixes pixels and %"),
        ("30%,20%=red@5", "mixes pixels and %"),
        ("3,20=red@0", "radius of a hint"),
    ],
)
def test_hints_of_the_command_line_that_are_refused(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        parse_hint(text)


def test_hints_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "hints.json"
    path.write_text(json.dumps({"hints": [{"x": 0.5, "y": 0.25, "color": [10, 20, 30], "radius": 0.1}]}))
    assert read_hints(str(path)) == (Hint(0.5, 0.25, (10, 20, 30), 0.1, "share"),)
    path.write_text(json.dumps([{"x": 9, "y": 8, "color": "red", "unit": "px"}]))
    assert read_hints(str(path)) == (Hint(9, 8, "red"),)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "can't be read: No such file"),
        ("{", "is no JSON"),
        ("3", "holds no list of hints"),
        ('{"hint": []}', "holds no list of hints"),
        ("[3]", "hint must be names with values"),
        ('[{"x": 300, "y": 0, "color": "red"}]', r"x of a hint must be in 0\.\.1"),
        ('[{"x": 0, "y": 0, "colour": "red"}]', "did you mean 'color'"),
    ],
)
def test_files_of_hints_that_are_refused(content: str | None, told: str, tmp_path: Path) -> None:
    path = tmp_path / "hints.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UsageError, match=told):
        read_hints(str(path))


@pytest.mark.parametrize("size", [(400, 200), (1000, 500)])
def test_strokes_are_covered_by_discs(size: tuple[int, int], tmp_path: Path) -> None:
    width, height = size
    painted = np.zeros((height, width, 4), np.uint8)
    stroke = np.s_[height // 4 : height // 3, width // 4 : width // 2]
    painted[stroke] = (200, 40, 40, 255)
    painted[-height // 10 :, : width // 10] = (40, 60, 200, 160)
    Image.fromarray(painted).save(tmp_path / "hints.png")
    hints = read_hints(str(tmp_path / "hints.png"))
    red, blue = ab_of((200, 40, 40)), ab_of((40, 60, 200))
    for color, places in ((red, painted[..., 0] == 200), (blue, painted[..., 2] == 200)):
        y, x = np.mgrid[0:height, 0:width]
        covered = np.zeros((height, width), bool)
        for hint in hints:
            if np.hypot(*(np.array(hint.color) - color)) < 3:
                radius = (hint.radius or 0) * height
                covered |= (x + 0.5 - hint.x * width) ** 2 + (y + 0.5 - hint.y * height) ** 2 <= radius**2
        assert (covered & places).sum() > 0.85 * places.sum()
        assert (covered & ~places).sum() < 0.1 * places.sum()
    assert len(hints) < 300


def test_pictures_that_are_no_strokes(tmp_path: Path) -> None:
    path = tmp_path / "hints.png"
    Image.new("RGB", (9, 9), "red").save(path)
    with pytest.raises(UsageError, match="has no transparent ground: paint the strokes on an empty layer"):
        read_hints(str(path))
    Image.new("RGBA", (9, 9)).save(path)
    with pytest.raises(UsageError, match="nothing painted"):
        read_hints(str(path))
    path.write_bytes(b"none")
    with pytest.raises(UsageError, match="hints can't be used"):
        read_hints(str(path))


def test_the_command_takes_hints(draw: Callable[..., Path], model: FakeModel, tmp_path: Path) -> None:
    (tmp_path / "hints.json").write_text('[{"x": 0.5, "y": 0.5, "color": "navy"}]')
    words = [
        str(draw("old.jpg")),
        "--hints",
        str(tmp_path / "hints.json"),
        "--hint",
        "3,4=red@2",
        "--hint",
        "5%,6%=tan",
    ]
    assert CliRunner().invoke(app, words).exit_code == 0
    (settings,) = model.calls
    wanted = (Hint(0.5, 0.5, "navy", unit="share"), Hint(3, 4, "red", 2), Hint(0.05, 0.06, "tan", unit="share"))
    assert settings.guide.hints == tuple(hint.shared((40, 30)) for hint in wanted)


@pytest.mark.parametrize("hint", ["400,10=red", "10,10=reed", "10;10=red"])
def test_wrong_hints_are_wrong_use(hint: str, draw: Callable[..., Path], tmp_path: Path) -> None:
    picture = draw("old.jpg")
    done = CliRunner().invoke(app, [str(picture), "--model", "photo-fast", "--hint", hint])
    assert done.exit_code == 2 and done.stderr.count("\n") == 1
    assert not (tmp_path / "old.color.jpg").exists()


def test_one_picture_too_small_for_a_hint_does_not_stop_the_others(draw: Callable[..., Path], tmp_path: Path) -> None:
    pictures = [str(draw(name, size)) for name, size in (("a.png", (90, 60)), ("b.png", (40, 30)), ("c.png", (90, 60)))]
    done = CliRunner().invoke(app, [*pictures, "--model", "photo-fast", "--hint", "80,10=red"])
    assert done.exit_code == 1 and "b.png, which has 40x30 pixels" in done.stderr
    assert [(tmp_path / f"{name}.color.png").exists() for name in "abc"] == [True, False, True]


def test_ways_on_a_surface() -> None:
    """Straight on even ground, round the end of a wall, and none through it where it has no end."""
    planes = np.zeros((1, 30, 40), np.float32)
    planes[:, 5:, 20] = 50
    seeds = np.zeros((1, 30, 40), bool)
    seeds[0, 20, 2] = True
    (ways,) = distances(seeds, edge_costs(planes, 1.0))
    assert ways[20, 2] == 0 and ways[20, 12] == pytest.approx(10) and ways[25, 7] == pytest.approx(5 * 2**0.5, rel=1e-4)
    assert 35 < ways[20, 38] < 60
    planes[:, :, 20] = 50
    assert distances(seeds, edge_costs(planes, 1.0))[0, 20, 38] > 1000


@pytest.fixture(scope="module")
def fast() -> Colorizer:
    return photochrom.load_model("photo-fast")


@pytest.fixture(scope="module")
def drawn() -> np.ndarray:
    """A room: a wall, a floor, a dress with folds, and a dark box, with grain."""
    y, x = np.mgrid[0:240, 0:320]
    grey = np.where(y < 170, 185.0, 85.0) + 8 * (x / 320)
    dress = (np.abs(x - 110) < 25 + (y - 60) * 0.35) & (y > 60) & (y < 200)
    grey[dress] = (135 + 12 * np.sin(x / 5))[dress]
    grey[(x > 220) & (x < 290) & (y > 120) & (y < 200)] = 50
    return np.clip(grey + np.random.default_rng(0).normal(0, 2, grey.shape), 0, 255).astype(np.uint8)


DRESS, BOX, WALL = (110, 130), (255, 160), (290, 40)


def segment(drawn: np.ndarray, at: tuple[int, int]) -> np.ndarray:
    y, x = np.mgrid[0:240, 0:320]
    dress = (np.abs(x - 110) < 25 + (y - 60) * 0.35) & (y > 60) & (y < 200)
    box = (x > 220) & (x < 290) & (y > 120) & (y < 200)
    return {DRESS: dress, BOX: box, WALL: (y < 170) & ~dress & ~box}[at]


@pytest.mark.parametrize("at", [DRESS, BOX, WALL])
@pytest.mark.parametrize("color", ["#1f6f3f", "#8a2a2a", "#2a5fb8"])
def test_a_hint_is_met_and_fills_its_thing_alone(
    fast: Colorizer, drawn: np.ndarray, at: tuple[int, int], color: str
) -> None:
    hint = Hint(*at, color, radius=5)  # far from what the network expects there: a near one would tell of all
    before, after = ab(fast.colorize(drawn)), ab(fast.colorize(drawn, guide=Guide(hints=(hint,))))
    y, x = np.mgrid[0:240, 0:320]
    stroke = (x - at[0]) ** 2 + (y - at[1]) ** 2 <= 25
    asked = ab(fast_merge(drawn, ab_of(color)))
    assert differences(after, asked, drawn)[stroke].mean() < 3
    thing = segment(drawn, at)
    assert (differences(after, asked, drawn)[thing] < 10).mean() > 0.8
    change = np.hypot(*(after - before).transpose(2, 0, 1))
    assert change[~thing].sum() < 0.05 * change.sum()


def fast_merge(grey: np.ndarray, color: tuple[float, float]) -> np.ndarray:
    """Every pixel in one colour, as far as sRGB shows it at its lightness."""
    from photochrom.color.gamut import merge

    return merge(grey, np.broadcast_to(np.array(color, np.float32), (*grey.shape, 2)))


def differences(one: np.ndarray, other: np.ndarray, grey: np.ndarray) -> np.ndarray:
    from skimage.color import deltaE_ciede2000

    light = rgb_to_lab(np.repeat(grey[..., None], 3, axis=2) / 255)[..., :1]
    return deltaE_ciede2000(np.concatenate([light, one], axis=2), np.concatenate([light, other], axis=2))


def test_grey_is_a_colour_too_and_of_its_thing_alone(fast: Colorizer, drawn: np.ndarray) -> None:
    before = ab(fast.colorize(drawn))
    after = ab(fast.colorize(drawn, guide=Guide(hints=(Hint(*DRESS, "grey", radius=4),))))
    assert np.hypot(*after[segment(drawn, DRESS)].T).mean() < 3
    assert np.hypot(*(after - before)[segment(drawn, WALL)].T).mean() < 1


@pytest.mark.parametrize(
    ("colors", "spreads"), [(((6.0, 0.0), (18.0, 0.0)), True), (((60.0, 0.0), (0.0, 60.0)), False)]
)
def test_between_hints_near_the_expected_colours_lies_what_is_between(
    colors: tuple[tuple[float, float], ...], spreads: bool
) -> None:
    """Three things, of which the left and the right have hints; the network knows nothing."""
    light = np.repeat(np.repeat(np.float32([[42, 50, 58]]), 48, axis=0), 16, axis=1)
    network = np.zeros((48, 48, 2), np.float32)
    hints = tuple(Hint(x, 0.5, color, 0.05, "share") for x, color in zip((0.15, 0.85), colors, strict=True))
    met = meet_hints(network, network, hints, light, beliefs=np.zeros((1, 12, 12), np.float32))
    for x, color in zip((7, 40), colors, strict=True):
        assert np.abs(met[4:44, x] - color).max() < 2.5
    middle = met[10:38, 22:26].mean(axis=(0, 1))
    assert (9 < middle[0] < 15) if spreads else np.hypot(*middle) < 1


def test_hints_are_the_same_for_a_thumbnail_and_a_turned_scan(
    fast: Colorizer, drawn: np.ndarray, tmp_path: Path
) -> None:
    guide = Guide(hints=(Hint(DRESS[0] / 320, DRESS[1] / 240, "#8a2a2a", 0.03, "share"),))
    wanted = ab(fast.colorize(drawn, guide=guide))
    large = np.repeat(np.repeat(drawn, 3, axis=0), 3, axis=1)
    assert np.abs(ab(fast.colorize(large, guide=guide))[1::3, 1::3] - wanted).mean() < 1.5
    image = Image.fromarray(np.rot90(drawn))  # lies on its side in the file; shown upright by its EXIF
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(tmp_path / "turned.png", exif=exif)
    turned = Photo.open(tmp_path / "turned.png")
    assert turned.size == (320, 240)
    np.testing.assert_array_equal(ab(fast.colorize(turned, guide=guide).pixels), wanted)


def test_hints_hold_on_white_paper_and_in_a_frame(fast: Colorizer, drawn: np.ndarray) -> None:
    paper = np.full((240, 240), 225, np.uint8)
    paper[80:160, 80:160] = 90
    after = ab(fast.colorize(paper, guide=Guide(hints=(Hint(30, 30, (0, 12), 6), Hint(120, 120, (30, 20), 6)))))
    assert np.abs(after[26:34, 26:34].mean((0, 1)) - (0, 12)).max() < 3
    assert np.abs(after[110:130, 110:130].mean((0, 1)) - (30, 20)).max() < 3
    card = np.full((340, 420), 200, np.uint8)
    card[50:290, 50:370] = drawn
    hint = Hint(DRESS[0] + 50, DRESS[1] + 50, "#8a2a2a", radius=5)
    after = ab(fast.colorize(card, guide=Guide(hints=(hint,))))
    assert np.hypot(*after[:30].transpose(2, 0, 1)).mean() < 2  # the mount stays as it is
    stroke = np.s_[hint_rows(hint), hint_columns(hint)]
    assert np.abs(after[stroke].mean((0, 1)) - ab_of("#8a2a2a")).max() < 4


def hint_rows(hint: Hint) -> slice:
    return slice(int(hint.y) - 3, int(hint.y) + 4)


def hint_columns(hint: Hint) -> slice:
    return slice(int(hint.x) - 3, int(hint.x) + 4)


def test_the_nearest_of_two_hints_counts(fast: Colorizer, drawn: np.ndarray) -> None:
    hints = (Hint(110, 90, "#8a2a2a", 4), Hint(110, 180, "#2a4a8a", 4))
    after = ab(fast.colorize(drawn, guide=Guide(hints=hints)))
    top, bottom = after[80:100, 105:115].mean((0, 1)), after[170:190, 105:115].mean((0, 1))
    assert np.hypot(*(top - ab_of("#8a2a2a"))) < 6 and np.hypot(*(bottom - ab_of("#2a4a8a"))) < 6


def test_with_hints_a_network_is_asked_at_smaller_sizes_too() -> None:
    asked: list[tuple[int, ...]] = []

    def run(shown: np.ndarray, planes: np.ndarray | None) -> np.ndarray:
        assert planes is not None and planes.shape[1:] == shown.shape and planes[2].any()
        asked.append(shown.shape)
        return np.full((3, shown.shape[0] // 4, shown.shape[1] // 4), shown.shape[0], np.float32)

    spot = Hint(0.5, 0.5, "red", 0.1, "share")
    out = hinted_output(run, np.zeros((256, 352), np.float32), [spot], multiple=32)
    assert asked == [(256, 352), (192, 256), (128, 192)]
    assert out.shape == (3, 64, 88) and np.allclose(out, (256 + 192 + 128) / 3)
    asked.clear()
    hinted_output(run, np.zeros((32, 32), np.float32), [spot], multiple=32)
    assert asked == [(32, 32)]
