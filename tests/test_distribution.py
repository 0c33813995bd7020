import numpy as np
import pytest

from photochrom.color.distribution import annealed_mean, leaning, temperature_for

CENTRES = np.array([[0, 0], [40, 0], [0, -40]], np.float32)


def test_plain_mean_and_likeliest_bin() -> None:
    p = np.array([0.5, 0.3, 0.2], np.float32)
    logits = np.log(p).reshape(3, 1, 1)
    np.testing.assert_allclose(annealed_mean(logits, CENTRES, 1.0)[0, 0], [12, -8], atol=1e-4)
    swapped = np.log(p[[1, 0, 2]]).reshape(3, 1, 1)
    np.testing.assert_allclose(annealed_mean(swapped, CENTRES, 0.02)[0, 0], [40, 0], atol=1e-3)


def test_extreme_logits_stay_finite() -> None:
    logits = np.array([1e4, -1e4, 3e3], np.float32).reshape(3, 1, 1)
    np.testing.assert_allclose(annealed_mean(logits, CENTRES, 0.1)[0, 0], [0, 0])


def test_the_dial_goes_from_the_mean_through_the_trained_temperature() -> None:
    assert temperature_for(0.0, 0.6) == 1.0
    assert temperature_for(1.0, 0.6) == pytest.approx(0.6)
    assert temperature_for(2.0, 0.6) == pytest.approx(0.36)


def test_variants_move_where_unsure_and_stay_where_sure() -> None:
    steps = np.arange(-60, 61, 10, dtype=np.float32)
    centres = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    far = (centres**2).sum(1)
    logits = np.zeros((len(centres), 6, 8), np.float32)
    logits[:, :, :4] = (-far / (2 * 20**2))[:, None, None]  # unsure: a spread of 20 ab units
    logits[:, :, 4:] = (-far / (2 * 4**2))[:, None, None]  # sure: 4
    moves = []
    for seed in range(8):
        ab = annealed_mean(leaning(logits, centres, seed), centres, 1.0)
        length = np.hypot(ab[..., 0], ab[..., 1])
        assert length[:, 4:].max() < 0.35 * length[:, :4].max() + 1
        moves.append(ab[:, :4])
    assert np.std(moves, axis=0).mean() > 4
    np.testing.assert_array_equal(leaning(logits, centres, 3), leaning(logits, centres, 3))


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (16, 8)])
def test_leaning_takes_any_size(size: tuple[int, int]) -> None:
    out = leaning(np.zeros((3, *size), np.float32), CENTRES, 0)
    assert out.shape == (3, *size) and out.dtype == np.float32 and np.isfinite(out).all()
