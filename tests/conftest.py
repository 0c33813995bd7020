"""What the tests of the command share: drawn pictures, and a model that colours at once and remembers how."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import photochrom
from photochrom.photo import Photo
from photochrom.settings import Settings
from tests.extras import not_without


def pytest_report_header() -> list[str]:
    left_out = not_without("torch", "lightning")
    return ["left out: tests/train, tests/evaluate, which need the extra train"] if left_out else []


@pytest.fixture
def draw(tmp_path: Path) -> Callable[..., Path]:
    """draw("sub/a.jpg") makes a grey picture below tmp_path, with the folders it needs."""

    def make(name: str, size: tuple[int, int] = (40, 30)) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        ramp = np.linspace(0, 255, size[0] * size[1]).reshape(size[1], size[0]).astype(np.uint8)
        Image.fromarray(ramp).save(path)
        return path

    return make


class FakeModel:
    """Stands for a Colorizer where the test is about the command: red is kept, blue is halved."""

    def __init__(self) -> None:
        self.calls: list[Settings] = []  # one for each picture that is rendered
        self.before: Callable[[Photo], None] = lambda photo: None
        self.notes: Callable[[Photo], tuple[str, ...]] = lambda photo: ()

    def versions(self, settings: Settings, count: int) -> list[Settings]:
        return settings.versions(count)

    def predict(self, photo: Photo, settings: Settings) -> None:
        self.before(photo)

    def confidence(self, prediction: None, settings: Settings) -> None:
        return None

    def render(self, photo: Photo, prediction: None, settings: Settings) -> Photo:
        self.calls.append(settings)
        grey = photo.pixels if photo.pixels.ndim == 2 else photo.pixels[..., 0]
        colored = photo.with_pixels(np.stack([grey, grey, grey // 2], axis=-1))
        colored.notes += self.notes(photo)
        return colored


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> FakeModel:
    fake = FakeModel()
    monkeypatch.setattr(photochrom, "load_model", lambda name, *, device, domain, threads: fake, raising=False)
    return fake
