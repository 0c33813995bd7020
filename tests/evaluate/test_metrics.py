"""Each measure of a picture, against values worked out by hand or another implementation."""

import numpy as np
import pytest
from skimage import color as skimage_color
from skimage import data
from skimage import metrics as skimage_metrics

from photochrom.color.colorfulness import colorfulness
from photochrom.evaluate.metrics import failures
from photochrom.evaluate.metrics import picture as metrics
from photochrom.evaluate.metrics.ciede import ciede2000


@pytest.fixture(scope="module")
def pair() -> tuple[np.ndarray, np.ndarray]:
    truth = np.ascontiguousarray(data.astronaut()[100:196, 150:246])
    picture = np.clip(truth.astype(int) + np.random.default_rng(0).integers(-30, 30, truth.shape), 0, 255)
    return picture.astype(np.uint8), truth


def flat(light: float, a: float, b: float, size: int = 4) -> np.ndarray:
    return np.full((size, size, 3), (light, a, b), np.float32)


def test_lab_is_scikit_images(pair: tuple[np.ndarray, np.ndarray]) -> None:
    np.testing.assert_allclose(metrics.lab_of(pair[1]), skimage_color.rgb2lab(pair[1]), atol=0.02)


def test_psnr(pair: tuple[np.ndarray, np.ndarray]) -> None:
    black, white = np.zeros((2, 2, 3), np.uint8), np.full((2, 2, 3), 255, np.uint8)
    assert metrics.psnr(black, white) == pytest.approx(0)
    assert metrics.psnr(black, black) == 100
    one = black.copy()
    one[0, 0, 0] = 12  # a mean squared error of 144 / 12
    assert metrics.psnr(one, black) == pytest.approx(10 * np.log10(255**2 / 12))
    assert metrics.psnr(*pair) == pytest.approx(skimage_metrics.peak_signal_noise_ratio(pair[1], pair[0]))


def test_ssim_follows_its_paper() -> None:
    rng = np.random.default_rng(1)
    x, y = (rng.integers(0, 256, (11, 11, 3)).astype(np.uint8) for _ in range(2))
    offsets = np.arange(-5, 6)
    window = np.exp(-(offsets**2) / (2 * 1.5**2))
    window = np.outer(window, window) / window.sum() ** 2
    values = []
    for c in range(3):  # the one place of an 11x11 picture that the window fits
        a, b = x[..., c].astype(float), y[..., c].astype(float)
        ma, mb = (window * a).sum(), (window * b).sum()
        va, vb = (window * a * a).sum() - ma**2, (window * b * b).sum() - mb**2
        cov = (window * a * b).sum() - ma * mb
        c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
        values.append((2 * ma * mb + c1) * (2 * cov + c2) / ((ma**2 + mb**2 + c1) * (va + vb + c2)))
    assert metrics.ssim(x, y) == pytest.approx(np.mean(values), rel=1e-6)
    assert metrics.ssim(x, x) == pytest.approx(1)


def test_ciede2000_is_scikit_images(pair: tuple[np.ndarray, np.ndarray]) -> None:
    lab, truth = (metrics.lab_of(p) for p in pair)
    grey = truth.copy()
    grey[..., 1:] = 0
    rng = np.random.default_rng(2)
    wild = [rng.uniform((0, -110, -110), (100, 110, 110), (64, 64, 3)).astype(np.float32) for _ in range(2)]
    for one, two in ((lab, truth), (grey, truth), (truth, grey), (grey, grey), wild):
        expected = skimage_color.deltaE_ciede2000(one.astype(float), two.astype(float))
        np.testing.assert_allclose(ciede2000(one, two), expected, atol=5e-3)
        assert metrics.mean_ciede2000(one, two) == pytest.approx(expected.mean(), abs=1e-4)


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [  # of the 34 pairs that Sharma, Wu & Dalal published: hues across 180 degrees, a grey, the blue turn, large ones
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 0, 0), (50, -1, 2), 2.3669),
        ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
        ((50, 2.49, -0.001), (50, -2.49, 0.0011), 7.2195),
        ((50, 2.5, 0), (58, 24, 15), 19.4535),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_ciede2000_of_the_paper(one: tuple[float, ...], two: tuple[float, ...], expected: float) -> None:
    assert float(ciede2000(np.array(one, np.float32), np.array(two, np.float32))) == pytest.approx(expected, abs=1e-3)


def test_ab_mse_accuracy_and_their_like_by_hand() -> None:
    truth = flat(50, 0, 0)
    lab = truth.copy()
    lab[0, :, 1], lab[0, :, 2] = 12, 16  # a quarter of the picture is 20 units off
    assert metrics.ab_mse(lab, truth) == pytest.approx((12**2 + 16**2) / 4 / 2 / 128**2)
    assert metrics.accuracy(lab, truth) == pytest.approx(0.75)
    assert metrics.accuracy(lab, truth, 20) == 1
    assert metrics.accuracy_area(lab, truth) == pytest.approx(0.75 + 0.25 * 130 / 150)
    assert metrics.tint_distance(lab, truth) == pytest.approx(5)
    assert metrics.accuracy_area(flat(50, 200, 0), truth) == 0


def test_accuracy_area_is_the_area_under_the_accuracy(pair: tuple[np.ndarray, np.ndarray]) -> None:
    lab, truth = (metrics.lab_of(p) for p in pair)
    curve = [metrics.accuracy(lab, truth, radius) for radius in np.linspace(0, 150, 3001)]
    assert metrics.accuracy_area(lab, truth) == pytest.approx(np.mean(curve), abs=1e-3)


def test_measure_agrees_with_the_single_functions(pair: tuple[np.ndarray, np.ndarray]) -> None:
    picture, truth = pair
    lab, target = metrics.lab_of(picture), metrics.lab_of(truth)
    found = metrics.measure(picture, truth, target)
    assert found["psnr"] == metrics.psnr(picture, truth)
    assert found["ssim"] == metrics.ssim(picture, truth)
    assert found["colorfulness"] == colorfulness(picture)
    for name in ("ab_mse", "accuracy", "accuracy_area", "tint_distance"):
        assert found[name] == pytest.approx(getattr(metrics, name)(lab, target), rel=1e-4), name
    assert found["ciede2000"] == metrics.mean_ciede2000(lab, target)


def kind_of(ab: np.ndarray, truth_ab: np.ndarray) -> str:
    """What `classify` says of a picture whose ab is `ab`, at a lightness of 60."""
    from photochrom.color.lab import lab_to_rgb

    def rgb(planes: np.ndarray) -> np.ndarray:
        lab = np.concatenate([np.full((*planes.shape[:2], 1), 60, np.float32), planes], axis=-1)
        return (lab_to_rgb(lab.astype(np.float32)).clip(0, 1) * 255).round().astype(np.uint8)

    picture, truth = rgb(ab), rgb(truth_ab)
    found = metrics.measure(picture, truth, metrics.lab_of(truth))
    return failures.classify(found, colorfulness(truth))


def test_failures_of_known_kinds() -> None:
    truth = np.zeros((96, 96, 2), np.float32)
    truth[:, :48], truth[:, 48:] = (25, 20), (-25, 20)
    assert kind_of(truth, truth) == "slight"
    assert kind_of(truth * 0.2, truth) == "grey"
    assert kind_of(truth + np.array([0, -22]), truth) == "tint"
    swapped = truth.copy()
    swapped[30:70, :40] = (-25, -25)
    assert kind_of(swapped, truth) == "wrong object colour"
    bled = truth.copy()
    bled[:, 43:53] = bled[:, 43:53][:, ::-1]
    assert kind_of(bled, truth) == "bleed"
    assert set(failures.KINDS) == {"slight", "grey", "tint", "wrong object colour", "bleed"}
