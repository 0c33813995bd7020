"""What people say of a film: hints at times and in shots, which stay on moving things, and reference pictures."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from photochrom import Colorizer, Guide, Hint, Settings, UsageError, load_model
from photochrom.cli.main import app
from photochrom.color.lab import rgb_to_lab
from photochrom.color.named import ab_of
from photochrom.film.film import color_film
from photochrom.film.options import FilmOptions
from photochrom.film.timed import TimedHint, read_timed
from photochrom.guidance.hint_files import guide_of, read_hints
from tests.film.films import FilmMaker, seen

SIZE, RED = (160, 120), (50.0, 30.0)
CUT, COUNT = 20, 30


@pytest.fixture(scope="module")
def shipped() -> Colorizer:
    return load_model("photo-fast", threads=1)


def place(n: int) -> tuple[float, float]:
    """Where the ball is in picture n, in pixels."""
    return 30 + 3.5 * n, 60 + 20 * np.sin(n / 6)


def ball(n: int, size: tuple[int, int]) -> np.ndarray:
    """A ball over a wooded ground; after the cut a house on another ground, and no ball."""
    rng = np.random.default_rng(n >= CUT)
    ground = np.kron(rng.random((15, 20)), np.ones((8, 8))) * 40 + (60 if n < CUT else 150)
    y, x = np.mgrid[: size[1], : size[0]]
    if n < CUT:
        left, top = place(n)
        away = np.hypot(x - left, y - top)
        shade = 170 - 1.5 * away + 8 * np.sin((x - left) / 2) * np.cos((y - top) / 2.5)
        return np.where(away < 22, shade, ground)
    ground[40:90, 50:110] = 120 + 4 * np.sin(x[40:90, 50:110] / 2)
    return ground


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return FilmMaker("ffv1", size=SIZE, times=range(COUNT), draw=ball).write(
        tmp_path_factory.mktemp("film") / "old.mkv"
    )


@pytest.fixture(scope="module")
def plain(film: Path, shipped: Colorizer) -> list[np.ndarray]:
    """Its colours without anything said."""
    color_film(film, film.with_name("plain.mkv"), shipped)
    return chroma(film.with_name("plain.mkv"))


def chroma(path: Path) -> list[np.ndarray]:
    return [rgb_to_lab(rgb / 255.0)[..., 1:] for rgb in seen(path).rgb]


def on_ball(ab: np.ndarray, n: int) -> np.ndarray:
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    left, top = place(n)
    return ab[np.hypot(x - left, y - top) < 14].mean(axis=0)


def off_ball(ab: np.ndarray, n: int) -> np.ndarray:
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    left, top = place(n)
    return ab[np.hypot(x - left, y - top) > 34].mean(axis=0)


def test_a_hinted_thing_keeps_its_colour_through_its_shot(
    film: Path, plain: list[np.ndarray], tmp_path: Path, shipped: Colorizer
) -> None:
    """The hint lies on the ball in the middle of the shot: it holds before and after, and not over the cut."""
    at = 12
    hint = Hint(*place(at), RED, radius=5)
    options = FilmOptions(hints=(TimedHint(hint=hint, at=at / 25 + 0.01),))
    color_film(film, tmp_path / "red.mkv", shipped, options=options)
    red = chroma(tmp_path / "red.mkv")
    away = [float(np.linalg.norm(on_ball(red[n], n) - RED)) for n in range(CUT)]
    assert max(away) < 18 and np.mean(away) < 10
    ground = [float(np.linalg.norm(off_ball(red[n], n) - off_ball(plain[n], n))) for n in range(CUT)]
    assert max(ground) < 6
    assert max(np.abs(red[n] - plain[n]).mean() for n in range(CUT, COUNT)) < 1.5


def test_a_run_that_goes_on_in_the_middle_of_a_shot_knows_where_its_hints_are(
    film: Path, tmp_path: Path, shipped: Colorizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ended while the ball is on its way: a hint on the film's first picture isn't laid on the one that is next."""
    monkeypatch.setattr("photochrom.film.film._LONGEST", 6)
    settings = Settings(guide=Guide(hints=(Hint(*place(0), RED, radius=5),)))

    def end(what: str, done: int, total: int) -> None:
        if what.startswith("Colouring") and done == 14:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        color_film(film, tmp_path / "new.mkv", shipped, settings=settings, progress=end)
    assert any(path.name.startswith(".") for path in tmp_path.iterdir())
    again: list[int] = []

    def told(what: str, done: int, total: int) -> None:
        again.extend([done] if what.startswith("Colouring") else [])

    color_film(film, tmp_path / "new.mkv", shipped, settings=settings, progress=told)
    assert again == list(range(13, COUNT + 1))  # twelve were there
    ab = chroma(tmp_path / "new.mkv")
    assert len(ab) == COUNT
    assert all(np.linalg.norm(on_ball(ab[n], n) - RED) < 18 for n in (0, 8, 12, 15, CUT - 1))


def test_hints_of_a_later_shot_and_of_a_time_only(film: Path, tmp_path: Path, shipped: Colorizer) -> None:
    house = {"x": 0.5, "y": 0.54, "color": list(RED), "radius": 0.04}
    ball_at_8 = {"x": place(8)[0], "y": place(8)[1], "unit": "px", "color": list(RED), "radius": 5, "at": 0.33}
    said = {"shots": {"2": [house]}, "hints": [{**ball_at_8, "to": "0:00.4"}]}
    (tmp_path / "hints.json").write_text(json.dumps(said), encoding="utf-8")
    hints = read_timed([str(tmp_path / "hints.json")])
    assert [(one.shot, one.at, one.end) for one in hints] == [(None, 0.33, 0.4), (2, None, None)]
    color_film(film, tmp_path / "new.mkv", shipped, options=FilmOptions(hints=hints))
    ab = chroma(tmp_path / "new.mkv")
    assert all(np.linalg.norm(ab[n][45:85, 55:105].mean(axis=(0, 1)) - RED) < 15 for n in range(CUT, COUNT))
    near = [float(np.linalg.norm(on_ball(ab[n], n) - RED)) for n in range(CUT)]
    assert max(near[:9]) < 18 and near[CUT - 1] > 25


def test_a_hint_of_no_picture_is_refused(film: Path, tmp_path: Path, colorizer: Colorizer) -> None:
    hint = Hint(5, 5, "red")
    for timed, where in ((TimedHint(hint=hint, at=99), "at 1:39.0"), (TimedHint(hint=hint, shot=7), "in shot 7")):
        with pytest.raises(UsageError, match=f"has 2 shots and is 0:01.2 long, and a hint lies {where}"):
            color_film(film, tmp_path / "new.mkv", colorizer, options=FilmOptions(hints=(timed,)))
    with pytest.raises(UsageError, match="lies outside the film's picture"):
        color_film(film, tmp_path / "new.mkv", colorizer, settings=Settings(guide=Guide(hints=(Hint(500, 5, "red"),))))
    assert list(tmp_path.iterdir()) == []


def test_files_of_hints(tmp_path: Path) -> None:
    path = tmp_path / "hints.json"
    stroke = np.zeros((30, 40, 4), np.uint8)
    stroke[10:14, 8:20] = (180, 30, 30, 255)
    Image.fromarray(stroke).save(tmp_path / "coat.png")
    plain = {"x": 0.5, "y": 0.5, "color": "olive"}
    said = {
        "hints": [plain, {"painted": "coat.png", "at": "1:23.5"}, {**plain, "from": 3}],
        "shots": {"12": "coat.png"},
    }
    path.write_text(json.dumps(said), encoding="utf-8")
    assert read_hints(str(path), films=True) == (Hint(0.5, 0.5, "olive", unit="share"),)
    assert guide_of([], [str(path)], films=True).hints == read_hints(str(path), films=True)
    hints = read_timed([str(path), str(tmp_path / "coat.png")])
    painted = [one for one in hints if one.at == 83.5]
    assert len(painted) == len([one for one in hints if one.shot == 12]) >= 1
    assert np.allclose(ab_of(painted[0].hint.color), rgb_to_lab(np.array([[[180, 30, 30]]]) / 255.0)[0, 0, 1:], atol=1)
    assert [(one.at, one.start) for one in hints if one.start is not None] == [(3.0, 3.0)]
    with pytest.raises(UsageError, match="times or shots of a film"):
        read_hints(str(path))


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"shots": [1]}, "name shots by their numbers"),
        ({"shots": {"0": []}}, "counted from 1"),
        ({"shots": {"two": []}}, "counted from 1"),
        ({"shots": {"2": 5}}, "shot 2 of .* holds no list"),
        ({"shots": {"2": [7]}}, "shot 2 of .* holds 7, no hint"),
        ({"shots": {"2": [{"x": 0, "y": 0, "color": "red", "at": 3}]}}, "leave out its at"),
        ([{"x": 0, "y": 0, "color": "red", "at": "soon"}], "a time is given as"),
        ([{"x": 0, "y": 0, "color": "red", "at": -1}], "must be seconds"),
        ([{"x": 0, "y": 0, "color": "red", "from": 5, "to": 4}], "ends at 4 s and begins at 5 s"),
        ([{"x": 0, "y": 0, "color": "beige or so", "at": 1}], "can't be used"),
        ([{"painted": "none.png", "at": 1}], "can't be used"),
        ([{"painted": "none.png", "x": 1, "at": 1}], "strokes .* need a file"),
    ],
)
def test_files_of_hints_that_say_nothing(said: object, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "hints.json"
    path.write_text(json.dumps(said), encoding="utf-8")
    with pytest.raises(UsageError, match=reason):
        read_timed([str(path)])


def test_a_reference_gives_its_colours_to_its_shot(
    film: Path, plain: list[np.ndarray], tmp_path: Path, shipped: Colorizer
) -> None:
    """A still of the film that somebody coloured: orange ball, green ground."""
    luma = ball(4, SIZE)
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    is_ball = np.hypot(x - place(4)[0], y - place(4)[1]) < 22
    tint = np.where(is_ball[..., None], [1.25, 0.9, 0.35], [0.75, 1.1, 0.7])
    Image.fromarray(np.clip(luma[..., None] * tint, 0, 255).astype(np.uint8)).save(tmp_path / "still.png")
    settings = Settings(guide=guide_of([], [], [str(tmp_path / "still.png")]))
    color_film(film, tmp_path / "new.mkv", shipped, settings=settings)
    wanted = rgb_to_lab(np.asarray(Image.open(tmp_path / "still.png")) / 255.0)[..., 1:]
    new = chroma(tmp_path / "new.mkv")
    for n in (0, 10, 18):
        for part in (on_ball, off_ball):
            goal = part(wanted, 4)
            assert np.linalg.norm(part(new[n], n) - goal) < 0.6 * np.linalg.norm(part(plain[n], n) - goal)
    steps = [float(np.abs(off_ball(new[n], n) - off_ball(new[n + 1], n + 1)).max()) for n in range(CUT - 1)]
    assert max(steps) < 2


def test_shots_are_shown_with_their_numbers(film: Path, tmp_path: Path, tiny: Path) -> None:
    words = ["-m", str(tiny), "--shots", "-o", str(tmp_path / "sheet.png")]
    made = CliRunner().invoke(app, [str(film), *words, "--hint", "5,5=red"])
    assert made.exit_code == 0 and "hints are left out of its sheet" in made.stderr
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert 320 < sheet.width < 340 and 130 < sheet.height < 160  # two pictures side by side, a line of text above
    refused = CliRunner().invoke(app, [str(film), "-m", str(tiny), "--shots", "--preview"])
    assert refused.exit_code == 2 and "ask for one of them" in refused.stderr
