"""The pictures of docs/guide.md: hints, references, dials, eras, second opinions and confidence, by the library.

python scripts/guide_pictures.py
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

import photochrom
from photochrom import Colorizer, Guide, Hint, Photo, Settings
from photochrom.batch.extras import confidence_map
from photochrom.color.eras import ERAS
from photochrom.explain.drawing import Rgb, marked
from photochrom.explain.emerging import emerging
from photochrom.explain.subject import subject_of
from photochrom.sheet import montage

ROOT = Path(__file__).parents[1]
OUT = ROOT / "docs" / "guide"


def save(name: str, picture: np.ndarray) -> None:
    OUT.mkdir(exist_ok=True)
    Image.fromarray(picture).save(OUT / name, quality=82)


def said(model: Colorizer, astronaut: Photo, coffee: Photo) -> None:
    """What a person may say: hints, a reference, dials."""
    cup, table = Hint(240, 100, "#2f5f8f"), Hint(30, 330, "#3f6b2a")
    grey = Hint(240, 100, "grey")
    shown = [("nothing said", model.colorize(coffee).pixels)]
    for name, hints in (
        ("240,100=#2f5f8f", (cup,)),
        ("30,330=#3f6b2a", (table,)),
        ("both", (cup, table)),
        ("240,100=grey", (grey,)),
    ):
        shown.append((name, _marked(model.colorize(coffee, guide=Guide(hints=hints)).pixels, hints)))
    save("hints.jpg", montage(shown, columns=5, wide=210))
    with tempfile.TemporaryDirectory() as folder:
        first = Path(folder, "first.png")
        model.colorize(coffee, guide=Guide(hints=(cup, table))).save(first)
        mirrored = Photo.from_array(np.ascontiguousarray(coffee.pixels[:, ::-1]))
        plain = model.colorize(mirrored).pixels
        follows = model.colorize(mirrored, guide=Guide(references=(str(first),))).pixels
        reference = Photo.open(first).pixels
    rows = [("the reference", reference), ("another picture of the series", plain), ("--reference first.jpg", follows)]
    save("reference.jpg", montage(rows, columns=3, wide=350))
    prediction = model.predict(astronaut)
    dials = [("none", Settings()), ("--strength 0.6", Settings(strength=0.6)), ("--warmth 0.4", Settings(warmth=0.4))]
    dials += [
        ("--saturation reds=0.3", Settings(saturation="reds=0.3")),
        ("--warmth -0.6 --protect-skin 1", Settings(warmth=-0.6, protect_skin=1)),
    ]
    turned = [(name, model.render(astronaut, prediction, settings).pixels) for name, settings in dials]
    save("dials.jpg", montage(turned, columns=5, wide=210))


def _marked(picture: Rgb, hints: Sequence[Hint]) -> Rgb:
    high, wide = picture.shape[:2]
    return marked(picture, [(hint.x / wide, hint.y / high) for hint in hints])


def main() -> None:
    model = photochrom.load_model("photo")
    astronaut, coffee = (Photo.open(ROOT / "samples" / f"{name}.jpg") for name in ("astronaut", "coffee"))
    said(model, astronaut, coffee)
    prediction = model.predict(astronaut)
    shown = [("none", model.render(astronaut, prediction).pixels)]
    shown += [(name, model.render(astronaut, prediction, Settings(era=name)).pixels) for name in ERAS]
    save("eras.jpg", montage(shown, columns=5, wide=210))
    prediction = model.predict(coffee)
    versions = model.versions(Settings(), 4)
    opinions = [(str(n), model.render(coffee, prediction, one).pixels) for n, one in enumerate(versions, start=1)]
    certain = model.confidence(prediction)
    assert certain is not None
    sure = np.asarray(confidence_map(prediction, certain, coffee.size))
    save("variants.jpg", montage([*opinions, ("--confidence", sure)], columns=5, wide=210))
    stages, _ = emerging(subject_of(model, astronaut, Settings(), [(180, 60)]))
    save("emerging.jpg", stages.picture)


if __name__ == "__main__":
    main()
