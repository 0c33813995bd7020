"""Is vivid what is vivid in truth? Even segments and their chroma."""

import numpy as np
import pytest

from photochrom.evaluate.metrics.segments import KINDS, even_segments, measure_segments, segment_rows

BLOCKS = {(0, 0): (10.0, 0.0), (0, 1): (0.0, -28.0), (1, 0): (50.0, 40.0), (1, 1): (0.0, 0.0)}  # (row, column): a, b


def drawn(mottled: bool = False) -> np.ndarray:
    """Four squares of 64 px, each of one colour, the last with grains of yellow, blue and red, darker; Lab."""
    lab = np.full((128, 128, 3), 60, np.float32)
    for (row, column), ab in BLOCKS.items():
        lab[64 * row : 64 * row + 64, 64 * column : 64 * column + 64, 1:] = ab
    grains = np.random.default_rng(1).choice([-80.0, 0.0, 80.0], (32, 32, 2)).repeat(2, axis=0).repeat(2, axis=1)
    lab[64:, 64:, 0], lab[64:, 64:, 1:] = 20, grains
    return lab + np.random.default_rng(0).normal(0, 1.5, lab.shape).astype(np.float32) if mottled else lab


@pytest.mark.parametrize("mottled", [False, True])
def test_what_has_one_colour_is_a_segment_and_what_has_two_is_none(mottled: bool) -> None:
    labels = even_segments(drawn(mottled))
    inner = {place: labels[64 * place[0] + 32, 64 * place[1] + 32] for place in BLOCKS}
    assert inner[1, 1] == -1
    assert sorted(number for place, number in inner.items() if place != (1, 1)) == [0, 1, 2]
    for (row, column), number in inner.items():
        block = labels[64 * row + 4 : 64 * row + 60, 64 * column + 4 : 64 * column + 60]
        assert (block == number).mean() > 0.99


def test_chroma_is_counted_with_what_the_truth_has() -> None:
    truth = drawn()
    labels, paler = even_segments(truth), truth * np.array([1, 0.5, 0.5], np.float32)
    found = measure_segments(paler, truth, labels)
    assert found["segments"].tolist() == [1, 1, 1]
    np.testing.assert_allclose(found["segments_truth"], [10, 28, np.hypot(50, 40)], atol=3)
    np.testing.assert_allclose(found["segments_chroma"], found["segments_truth"] / 2, rtol=1e-4)
    rows = segment_rows({name: np.stack([column, 3 * column]) for name, column in found.items()})
    assert [row["truth_is"] for row in rows] == list(KINDS)
    assert [row["segments"] for row in rows] == [4, 4, 4]
    assert rows[2]["chroma"] == pytest.approx(rows[2]["truth"] / 2, rel=1e-4)


def test_mottling_is_no_colour_and_a_picture_without_even_parts_counts_nothing() -> None:
    truth = drawn()
    labels, noise = even_segments(truth), truth.copy()
    noise[..., 1:] = np.random.default_rng(1).normal(0, 20, truth[..., 1:].shape)
    assert (measure_segments(noise, truth, labels)["segments_chroma"] < 3).all()
    nothing = measure_segments(noise, truth, np.full((128, 128), -1))
    assert all(column.tolist() == [0, 0, 0] for column in nothing.values())
    assert segment_rows({name: column[None] for name, column in nothing.items()})[0]["chroma"] is None
    assert segment_rows({"psnr": np.ones(2)}) == []
