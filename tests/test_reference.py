"""Pictures in colour as references: their own grey copy, what is alike, what is not, and what can't be used."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import photochrom
from photochrom import Colorizer, Guide, UsageError
from photochrom.cli.main import app
from photochrom.color.gamut import merge
from photochrom.color.lab import rgb_to_lab
from photochrom.color.transfer import Likeness, monge_kantorovich, reinhard, transferred
from photochrom.guidance.neighbours import agreement, smoothed
from photochrom.guidance.reference import _spread
from tests.conftest import FakeModel


@pytest.fixture(scope="module")
def fast() -> Colorizer:
    return photochrom.load_model("photo-fast")


@pytest.fixture(scope="module")
def cup() -> np.ndarray:
    from skimage.data import coffee

    return coffee()[::2, ::2]


def grey_of(rgb: np.ndarray) -> np.ndarray:
    return merge(rgb, np.zeros((*rgb.shape[:2], 2), np.float32))


def ab(rgb: np.ndarray) -> np.ndarray:
    return rgb_to_lab(rgb / 255)[..., 1:]


def test_a_picture_is_its_own_best_reference(fast: Colorizer, cup: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "cup.png"
    Image.fromarray(cup).save(path)
    colored = fast.colorize(grey_of(cup), guide=Guide(references=(path,)))
    error = ((colored.astype(float) - cup) ** 2).mean()
    assert 10 * np.log10(255**2 / error) > 30


def test_colours_move_to_the_reference_and_only_where_it_is_alike(
    fast: Colorizer, cup: np.ndarray, tmp_path: Path
) -> None:
    """The cup mirrored, in its opposite colours: they come over; a starry sky finds nothing to follow in it."""
    from skimage.data import hubble_deep_field

    mirrored = np.ascontiguousarray(cup[:, ::-1])
    blue = merge(mirrored, -ab(mirrored).astype(np.float32))
    path = tmp_path / "blue.png"
    Image.fromarray(blue).save(path)
    guide = Guide(references=(path,))
    plain, followed = (ab(fast.colorize(grey_of(cup), **kind)) for kind in ({}, {"guide": guide}))
    wanted = ab(blue).mean((0, 1))
    assert np.hypot(*(followed.mean((0, 1)) - wanted)) < 0.35 * np.hypot(*(plain.mean((0, 1)) - wanted))
    stars = grey_of(hubble_deep_field()[200:456, 200:456])
    moved = ab(fast.colorize(stars, guide=guide)).mean((0, 1)) - ab(fast.colorize(stars)).mean((0, 1))
    assert np.hypot(*moved) < 6


def test_what_matches_nothing_is_not_tinted(fast: Colorizer, cup: np.ndarray, tmp_path: Path) -> None:
    """A yellow wall with a grey door says nothing of a cup: there is no blotch of it anywhere."""
    grey = np.full((200, 200), 190, np.uint8)
    grey[80:, 60:130] = 120
    yellow = np.zeros((200, 200, 2), np.float32)
    yellow[grey == 190] = (8, 75)
    path = tmp_path / "wall.png"
    Image.fromarray(merge(grey, yellow)).save(path)
    plain, followed = (ab(fast.colorize(grey_of(cup), **kind)) for kind in ({}, {"guide": Guide(references=(path,))}))
    moved = np.hypot(*(followed - plain).transpose(2, 0, 1))
    assert moved.mean() < 1 and (moved > 8).mean() < 0.01


def test_many_matches_of_one_thing_say_no_more_of_another() -> None:
    looks = np.zeros((150, 3), np.float32)
    looks[:100, 0] = 1  # a wall that matches
    looks[100:, :2] = 0.85, 0.5268  # a face that looks a little like it
    trust, colors = np.zeros(150, np.float32), np.full((150, 4, 2), 50, np.float32)
    trust[:100] = 0.9
    found, sure = _spread(looks, (1, 150), np.arange(100), trust, colors)
    assert sure[:97].min() > 0.9 and sure[103:].max() < 0.05
    np.testing.assert_allclose(found[:100], 50, atol=0.5)


def test_two_references_serve_both(fast: Colorizer, cup: np.ndarray, tmp_path: Path) -> None:
    paths = [tmp_path / "left.png", tmp_path / "right.png"]
    for path, half in zip(paths, (cup[:, :150], cup[:, 150:]), strict=True):
        Image.fromarray(half).save(path)
    plain, one, two = (
        np.abs(ab(fast.colorize(grey_of(cup), guide=Guide(references=tuple(given)))) - ab(cup)).mean()
        for given in ([], paths[:1], paths)
    )
    assert two < one < plain


def test_statistics_are_carried_over() -> None:
    rng = np.random.default_rng(0)
    given = (rng.normal(0, 1, (40, 50, 2)) @ np.array([[9, 2], [0, 5]]) + [3, 8]).astype(np.float32)
    wanted = (rng.normal(0, 1, (900, 2)) @ np.array([[12, -6], [0, 7]]) + [-20, 4]).astype(np.float32)
    weights = np.ones((40, 50), np.float32)
    carried = monge_kantorovich(given, wanted, weights=weights).reshape(-1, 2)
    np.testing.assert_allclose(carried.mean(0), wanted.mean(0), atol=0.1)
    np.testing.assert_allclose(np.cov(carried.T), np.cov(wanted.T), atol=12)
    apart = reinhard(given, wanted, weights=weights).reshape(-1, 2)
    np.testing.assert_allclose(apart.std(0), wanted.std(0), rtol=0.1)
    np.testing.assert_array_equal(
        monge_kantorovich(given, given.reshape(-1, 2), weights=weights).round(2), given.round(2)
    )


def test_what_is_like_nothing_keeps_its_colours() -> None:
    own = np.full((4, 4, 2), 7, np.float32)
    nothing = np.zeros((4, 4), np.float32)
    likeness = Likeness(np.full((8, 8, 2), -40, np.float32), nothing, nothing, np.full((9, 2), -40, np.float32))
    for statistics in ("monge", "reinhard", "none"):
        np.testing.assert_array_equal(transferred(own, likeness, statistics), own)


def test_the_command_follows_a_reference(draw: Callable[..., Path], model: FakeModel, tmp_path: Path) -> None:
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (30, 40, 3), np.uint8)).save(tmp_path / "first.png")
    words = [str(draw("old.jpg")), "--reference", str(tmp_path / "first.png"), "--statistics", "reinhard"]
    assert CliRunner().invoke(app, words).exit_code == 0
    assert model.calls[0].guide == Guide(references=(str(tmp_path / "first.png"),), statistics="reinhard")


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "there is no file"), (b"none", "can't be used"), ("L", "is grey, so it has no colours")],
)
def test_references_that_are_refused(
    content: bytes | str | None, told: str, draw: Callable[..., Path], tmp_path: Path
) -> None:
    path = tmp_path / "first.png"
    if content == "L":
        Image.new("L", (9, 9), 90).save(path)
    elif isinstance(content, bytes):
        path.write_bytes(content)
    done = CliRunner().invoke(app, [str(draw("old.jpg")), "--reference", str(path)])
    assert done.exit_code == 2 and told in done.stderr and done.stderr.count("\n") == 1


def test_what_is_no_list_of_references() -> None:
    with pytest.raises(UsageError, match="references must be a list of paths"):
        Guide(references="first.jpg")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="did you mean 'monge'"):
        Guide(statistics="mongee")  # type: ignore[arg-type]


def test_a_reference_in_memory_serves_as_its_file_does(fast: Colorizer, cup: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "cup.png"
    Image.fromarray(cup).save(path)
    grey = grey_of(cup)[:128, :160]
    wanted = fast.colorize(grey, guide=Guide(references=(path,)))
    for given in (photochrom.Photo.open(path), path.read_bytes(), Image.open(path), cup):
        np.testing.assert_array_equal(fast.colorize(grey, guide=Guide(references=(given,))), wanted)


def test_references_in_memory_are_the_same_by_their_content(cup: np.ndarray) -> None:
    one, same, other = (Guide(references=(array,)) for array in (cup, cup.copy(), cup[:, ::-1]))
    assert one == same and hash(one) == hash(same) and one != other
    assert Guide(references=(b"one",)) != Guide(references=(b"two",))


def test_of_a_reference_in_memory_settings_keep_the_hash(fast: Colorizer, cup: np.ndarray, tmp_path: Path) -> None:
    settings = photochrom.Settings(guide=Guide(references=(cup, "first.jpg"), hints=(photochrom.Hint(1, 2, "red"),)))
    plain = json.loads(json.dumps(settings.to_dict()))
    kept = photochrom.Settings.from_dict(plain)
    assert kept == settings and plain["guide"]["references"][1] == "first.jpg"
    assert set(plain["guide"]["references"][0]) == {"sha256"}
    with pytest.raises(UsageError, match=r"only its SHA-256 was kept.*give the picture again"):
        fast.colorize(grey_of(cup), kept)


def test_redo_says_that_a_reference_was_in_memory(draw: Callable[..., Path], cup: np.ndarray, tmp_path: Path) -> None:
    from photochrom.batch.run import Options
    from photochrom.batch.sidecar import described, write_sidecar

    settings = photochrom.Settings(guide=Guide(references=(cup,)))
    result, options = tmp_path / "old.color.jpg", Options(settings=settings, model="photo-fast")
    digest = photochrom.load_model("photo-fast").info.sha256
    sidecar = described(draw("old.jpg"), result, settings=settings, options=options, digest=digest)
    write_sidecar(sidecar, tmp_path / "old.color.jpg.json", overwrite=False)
    done = CliRunner().invoke(app, ["redo", str(tmp_path / "old.color.jpg.json")])
    assert done.exit_code == 2 and "only its SHA-256 was kept" in done.stderr and done.stderr.count("\n") == 1
    assert not result.exists()


@pytest.mark.parametrize(
    ("given", "told"),
    [(3, "must be a path, bytes, a Photo"), ({"sha256": "x"}, "64 hexadecimal"), ({"path": "x"}, "must be a path")],
)
def test_what_is_no_reference(given: object, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        Guide(references=(given,))


def test_pictures_in_memory_that_are_refused(fast: Colorizer, cup: np.ndarray) -> None:
    for given, told in ((np.zeros((9, 9), np.uint8), "is grey"), (b"none", "can't be used")):
        with pytest.raises(UsageError, match=told):
            fast.colorize(grey_of(cup), guide=Guide(references=(given,)))


def test_a_page_s_client_names_no_files_here(tmp_path: Path) -> None:
    pytest.importorskip("fastapi")
    from photochrom.web.fields import settings_of

    with pytest.raises(UsageError, match="can't be named from here"):
        settings_of({"guide": '{"references": ["/etc/passwd"]}'})


def test_a_match_that_leads_elsewhere_than_those_around_it_is_dropped() -> None:
    rows, columns = np.mgrid[:12, :16]
    places = np.stack([np.zeros_like(rows), rows, 40 - columns])  # a mirrored thing
    tones = np.zeros((12, 16, 2), np.float32)
    tones[::2] = 30  # with stripes, so that colours don't tell
    trust = np.ones((12, 16), np.float32)
    assert agreement(trust, places, tones).min() > 0.9
    places[1:, 6, 8] = 30, 2
    tones[6, 8] = -40
    agreed = agreement(trust, places, tones)
    assert agreed[6, 8] == 0 and agreed[0, 0] > 0.9
    tones[:] = 5  # one colour: wherever the matches lie, it is the one
    assert agreement(trust, places, tones).min() == 1
    places[0, 6, 8] = 1  # in another reference
    tones[6, 8] = -40
    assert agreement(trust, places, tones)[6, 8] == 0


def test_a_place_that_differs_from_all_around_that_look_like_it_is_smoothed() -> None:
    looks = np.zeros((9, 12, 2), np.float32)
    looks[:, :6, 0], looks[:, 6:, 1] = 1, 1  # two things side by side
    values = np.zeros((9, 12, 1), np.float32)
    values[:, 6:] = 10
    assert np.abs(smoothed(values, looks) - values).max() < 0.1
    values[4, 3] = 10
    assert smoothed(values, looks)[4, 3, 0] < 0.5
