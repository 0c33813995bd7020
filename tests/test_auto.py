"""`auto` decides for each picture what it is, says so, and takes it for a photograph where it isn't sure."""

import json
from pathlib import Path

import numpy as np
import pytest
from skimage import data

import photochrom
from photochrom import Colorizer, Photo, PictureWarning, UsageError
from photochrom.auto import AutoColorizer
from photochrom.color.false_color import palette_colors
from photochrom.domains import decide as deciding
from photochrom.domains.decide import decide
from photochrom.domains.table import DOMAINS
from photochrom.network.models import find_model

from .test_domains import drawing
from .tiny_model import write_lab_model


def grey(picture: np.ndarray) -> Photo:
    return Photo.from_array((picture if picture.ndim == 2 else picture.mean(axis=2)).astype(np.uint8))


# Not among them: a page photographed in dim light ("text"), which is taken for near-infrared. docs/domains.md says so.
@pytest.mark.parametrize("name", ["astronaut", "camera", "cat", "coffee", "coins", "page", "moon", "brick", "rocket"])
def test_photographs_and_print_are_photographs(name: str) -> None:
    assert decide(grey(getattr(data, name)())).domain == "photo"


def test_drawings_are_sketches() -> None:
    assert decide(grey(drawing())).domain == "sketch"
    lines = np.full((300, 400), 250.0)
    y, x = np.mgrid[0:300, 0:400]
    for cx, cy, r in ((120, 150, 80), (260, 140, 60), (200, 220, 50)):
        lines[np.abs(np.hypot(x - cx, y - cy) - r) < 2] = 20
    found = decide(grey(lines))
    assert found.domain == found.likely == "sketch" and 0.8 <= found.sure <= 1
    assert found.told().startswith("is taken for a drawing (sketch, ")


def test_colours_decide_themselves() -> None:
    assert decide(Photo.from_array(data.astronaut())).domain == "photo"
    assert decide(Photo.from_array(palette_colors("iron")[data.camera()])).domain == "thermal"


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (3, 5000), (5000, 2), (40, 40)])
def test_any_size_has_an_answer(shape: tuple[int, int]) -> None:
    found = decide(Photo.from_array(np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)))
    assert found.domain in DOMAINS and 0 < found.sure <= 1


def test_it_falls_back_where_it_is_not_sure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deciding, "probabilities", lambda found: {"photo": 0.3, "infrared": 0.7})
    found = decide(grey(data.camera()))
    assert (found.domain, found.likely) == ("photo", "infrared")
    assert "may be a near-infrared photograph (70 % sure" in found.told().replace("%", " %")


def test_the_table_is_small() -> None:
    assert deciding.TABLE.stat().st_size < 200_000
    table = json.loads(deciding.TABLE.read_text())
    assert set(table["domains"]) == set(DOMAINS)
    told = "another encoder ships: python scripts/train_decide.py DATA"
    assert table["encoder"] == find_model(deciding.ENCODER).sha256, told


@pytest.fixture
def auto(tmp_path: Path) -> Colorizer:
    """Knows drawings by a drawn network, and photographs."""
    return photochrom.load_model(write_lab_model(tmp_path / "s.onnx", domain="sketch"), domain="auto")


def test_each_picture_goes_its_own_way(auto: Colorizer) -> None:
    with pytest.warns(PictureWarning, match="is taken for a drawing"):
        sketched = auto.colorize(drawing().astype(np.uint8))
    assert sketched[64, 150, 0] > sketched[64, 150, 2]  # the drawn network's paper is orange
    photo = grey(data.camera()[::4, ::4])
    with pytest.warns(PictureWarning, match="is taken for a photograph"):
        colored = auto.colorize(photo)
    plain = photochrom.load_model("photo").colorize(photo)
    np.testing.assert_array_equal(colored.pixels, plain.pixels)


def test_without_a_model_it_is_a_photograph_with_a_note(tmp_path: Path) -> None:
    def load(domain: str) -> Colorizer:
        if domain == "photo":
            return photochrom.load_model("photo-fast")
        raise photochrom.UnknownModelError("there is none")

    photo = grey(drawing())
    model = AutoColorizer(None, load)
    colored = model.render(photo, model.predict(photo))
    assert "is taken for a drawing" in colored.notes[0]
    assert colored.notes[1].endswith("is coloured as a photograph: there is none")


def test_variants_want_a_domain(auto: Colorizer) -> None:
    with pytest.raises(UsageError, match="name the domain instead of auto"):
        auto.variants(data.camera(), 3)
