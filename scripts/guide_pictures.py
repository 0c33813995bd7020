"""The pictures of docs/guide.md that show eras, second opinions and confidence, by the library.

python scripts/guide_pictures.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

import photochrom
from photochrom import Photo, Settings
from photochrom.batch.extras import confidence_map
from photochrom.color.eras import ERAS
from photochrom.explain.emerging import emerging
from photochrom.explain.subject import subject_of
from photochrom.sheet import montage

ROOT = Path(__file__).parents[1]
OUT = ROOT / "docs" / "guide"


def save(name: str, picture: np.ndarray) -> None:
    OUT.mkdir(exist_ok=True)
    Image.fromarray(picture).save(OUT / name, quality=82)


def main() -> None:
    model = photochrom.load_model("photo")
    astronaut, coffee = (Photo.open(ROOT / "samples" / f"{name}.jpg") for name in ("astronaut", "coffee"))
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
