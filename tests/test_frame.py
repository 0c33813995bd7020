"""What is round a print keeps its own colour, and the print is coloured as if it were alone."""

import numpy as np
import pytest
from PIL import Image
from skimage import data

import photochrom
from photochrom import Colorizer
from photochrom.color.frame import find_frame
from photochrom.color.lab import rgb_to_lab
from photochrom.color.lightness import shrink_lightness

CARDS = [(40,) * 3, (90,) * 3, (139,) * 3, (185,) * 3, (232,) * 3, (196, 170, 128), (238, 228, 200), (196, 118, 56)]
SIDES = {
    "all round": (60, 45, 60, 90),
    "narrow": (14, 14, 14, 14),
    "left and below": (60, 0, 0, 60),
    "below": (0, 0, 0, 70),
}


@pytest.fixture(scope="module")
def shipped() -> Colorizer:
    return photochrom.load_model("photo-fast")


def cat() -> np.ndarray:
    return data.chelsea().mean(axis=2).astype(np.uint8)


def mounted(
    print_: np.ndarray, card: tuple[int, ...], sides: str, degrees: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """A print on a grainy card, uint8 RGB, and where it is."""
    left, top, right, bottom = SIDES[sides]
    height, width = print_.shape[0] + top + bottom, print_.shape[1] + left + right
    card_noise = np.random.default_rng(0).normal(0, 2, (height, width, 1))
    page = Image.fromarray((np.array(card) + card_noise).clip(0, 255).astype(np.uint8))
    mask, where = Image.new("L", page.size), Image.new("L", print_.shape[::-1], 255)
    picture = Image.fromarray(print_).convert("RGB").rotate(degrees, Image.Resampling.BICUBIC, expand=True)
    where = where.rotate(degrees, Image.Resampling.BICUBIC, expand=True)
    at = left - (where.width - print_.shape[1]) // 2, top - (where.height - print_.shape[0]) // 2
    page.paste(picture, at, where)
    mask.paste(where, at)
    return np.asarray(page), np.asarray(mask) > 127


def small(pixels: np.ndarray) -> np.ndarray:
    height, width = pixels.shape[:2]
    return shrink_lightness(pixels, (round(256 * width / min(width, height)), round(256 * height / min(width, height))))


def ab(pixels: np.ndarray) -> np.ndarray:
    return rgb_to_lab(pixels.astype(np.float32) / 255)[..., 1:]


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize(
    ("sides", "degrees"), [*((name, 0.0) for name in SIDES), ("all round", 1.5), ("all round", -1.5)]
)
def test_the_print_is_found_on_its_mount(card: tuple[int, ...], sides: str, degrees: float) -> None:
    page, where = mounted(cat(), card, sides, degrees)
    frame = find_frame(small(page))
    assert frame is not None
    size = page.shape[1], page.shape[0]
    inside = frame.inside(size, slice(0, size[1]))
    assert (inside & where).sum() / (inside | where).sum() > 0.98
    rows, columns = frame.box(size)
    assert inside[rows, columns].sum() == inside.sum()


def test_a_white_sky_is_not_taken_for_the_card() -> None:
    print_ = cat()
    y, x = np.mgrid[: print_.shape[0], : print_.shape[1]]
    print_[y < 90 + 20 * np.sin(x / 30)] = 255
    page, _ = mounted(print_, CARDS[1], "below")
    frame = find_frame(small(page))
    assert frame is not None and frame.top.at == 0
    assert abs(frame.bottom.at - 70 / len(page)) < 0.01


def test_coloured_card_ends_where_its_colour_does() -> None:
    """Against a print whose ground is as light as the card no edge shows in grey."""
    print_ = cat()
    print_[150:] = 173  # as light as buff
    page, _ = mounted(print_, CARDS[5], "below")
    assert find_frame(small(page)) is None
    frame = find_frame(small(page), page)
    assert frame is not None and abs(frame.bottom.at - 70 / len(page)) < 0.01


@pytest.mark.parametrize("name", ["astronaut", "camera", "chelsea", "coffee", "coins", "moon", "rocket", "gravel"])
def test_ordinary_pictures_have_no_frame(name: str) -> None:
    assert find_frame(small(getattr(data, name)())) is None


def test_skies_and_slopes_are_no_mounts() -> None:
    y, x = np.mgrid[0:256, 0:340].astype(np.float32)
    ramp = 20 + 60 * x / 340
    hills = np.where(y > 120 + 20 * np.sin(x / 30), 30 + 10 * np.sin(x * y), 80)
    sea = np.where(y > 110, 40 + 10 * np.sin(x * y), 75)
    mist = np.clip(80 - 0.3 * (y - 50), 30, 80)
    plain = np.full_like(ramp, 50)
    for light in (ramp, ramp.T, hills, hills.T, sea, mist, plain, plain * np.nan, ramp[:3]):
        assert find_frame(light.astype(np.float32)) is None


def test_a_stereo_card_shows_between_its_prints(shipped: Colorizer) -> None:
    sepia = (np.array((1.0, 0.9, 0.72)) * cat()[..., None])[:, 60:320].astype(np.uint8)
    page = np.full((380, 620, 3), CARDS[-1], np.uint8)
    for left in (40, 320):
        page[40:340, left : left + 260] = sepia
    assert find_frame(small(page)).gaps  # type: ignore[union-attr]
    photo = photochrom.Photo.from_array(page)
    prediction = shipped.predict(photo)
    assert prediction.tint is not None
    assert prediction.tint.kind == "tinted"  # the print's: the card is coloured
    colored = shipped.colorize(page)
    np.testing.assert_array_equal(colored[:, 305:315], page[:, 305:315])
    assert np.abs(ab(colored)[50:330, 50:290] - ab(page)[50:330, 50:290]).mean() > 3


@pytest.mark.parametrize("card", CARDS)
def test_the_mount_stays_what_it_is_and_the_print_is_as_if_alone(shipped: Colorizer, card: tuple[int, ...]) -> None:
    page, where = mounted(cat(), card, "all round")
    colored = shipped.colorize(page)
    away = Image.fromarray(where).convert("L").resize(page.shape[1::-1])
    outside = np.asarray(away.reduce(4).resize(away.size)) == 0
    assert np.hypot(*(ab(colored) - ab(page))[outside].T).mean() < 0.3
    left, top, right, bottom = SIDES["all round"]
    inner = ab(colored)[top:-bottom, left:-right]
    assert np.hypot(*(inner - ab(shipped.colorize(cat()))).transpose(2, 0, 1)).mean() < 3


def test_grey_pages_stay_grey_at_16_bits(shipped: Colorizer) -> None:
    page = mounted(cat(), CARDS[2], "all round")[0][..., 0].astype(np.uint16) * 257
    colored = shipped.colorize(page)
    assert colored.dtype == np.uint16
    np.testing.assert_array_equal(colored[:30, :, 0], page[:30])
    np.testing.assert_array_equal(colored[:30, :, 2], page[:30])


def test_hints_keep_their_places() -> None:
    """On the print they count; a hint on the mount says that the mount is to be coloured too."""
    frame = find_frame(small(mounted(cat(), CARDS[2], "all round")[0]))
    assert frame is not None
    size = 451 + 120, 300 + 135
    assert frame.holds([(100, 80)], size)
    assert not frame.holds([(100, 80), (5, 5)], size)


@pytest.mark.parametrize("at", [(120, 100), (380, 200)])
def test_a_hint_on_a_framed_print_hits_the_place_that_it_names(at: tuple[int, int]) -> None:
    """Through the whole road, in pixels of the scan: it does what it does on the print alone."""
    photo = photochrom.load_model("photo")
    left, top, right, bottom = SIDES["all round"]
    page = mounted(cat(), CARDS[2], "all round")[0]

    def hinted(picture: np.ndarray, x: int, y: int) -> np.ndarray:
        hint = photochrom.Hint(x, y, "#1f3f9f", radius=12)
        return ab(photo.colorize(picture, guide=photochrom.Guide(hints=(hint,))))

    framed = hinted(page, *at)[top:-bottom, left:-right]
    alone, plain = hinted(cat(), at[0] - left, at[1] - top), ab(photo.colorize(cat()))
    place = at[1] - top, at[0] - left
    assert np.hypot(*(alone - plain)[place]) > 15
    assert np.hypot(*(framed - alone)[place]) < 6
    assert np.hypot(*(framed - alone).transpose(2, 0, 1)).mean() < 3
