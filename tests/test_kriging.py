"""What is known at points, in between and far away."""

import numpy as np

from photochrom.color.kriging import covariance, factor_of, solve, weights_of


def test_between_two_points_lies_what_is_between_their_values() -> None:
    at, x = np.array([0.0, 2.0]), np.linspace(0, 2, 9)
    known = solve(np.array([[10.0], [30.0]], np.float32), np.abs(at[:, None] - at).astype(np.float32))
    near = covariance(np.abs(at[:, None] - x))
    left = 1 - known.ones @ near
    found = (near.T @ known.values + left[:, None] * known.mean)[:, 0]
    assert abs(found[0] - 10) < 1 and abs(found[-1] - 30) < 1 and abs(found[4] - 20) < 0.1
    assert (np.diff(found) > 0).all()


def test_far_from_all_points_little_is_known() -> None:
    known = solve(np.array([[10.0], [12.0]], np.float32), np.array([[0, 1], [1, 0]], np.float32))
    far = covariance(np.array([60.0, 61.0]))
    assert abs(far @ known.values[:, 0]) < 1e-6 and 1 - far @ known.ones > 0.999
    assert 10 < known.mean[0] < 12 and 0 < known.trust < 0.2
    many = solve(np.full((40, 1), 10, np.float32), 20 * (1 - np.eye(40, dtype=np.float32)))
    assert many.trust > 3 * known.trust


def test_points_that_contradict_each_other_at_one_place_are_averaged() -> None:
    known = solve(np.array([[0.0], [10.0]], np.float32), np.zeros((2, 2), np.float32))
    assert abs(covariance(np.zeros(2)) @ known.values[:, 0] - 5) < 0.2


def test_a_point_of_large_error_counts_little() -> None:
    weights = weights_of(np.zeros((2, 2), np.float32), np.zeros((2, 1), np.float32), np.array([0.0, 9.0], np.float32))
    assert weights[0, 0] > 0.9 and weights[1, 0] < 0.05


def test_values_livelier_than_expected_tell_a_factor_and_none_tell_one() -> None:
    expected = 2 * np.array([[10, 0], [0, 20], [-30, 10], [5, -25]], np.float32)
    apart = 8 * (1 - np.eye(4, dtype=np.float32))
    assert abs(factor_of(expected, expected, apart) - 1) < 1e-6
    assert 1.2 < factor_of(1.4 * expected, expected, apart) < 1.4
    assert 0.3 < factor_of(0 * expected, expected, apart) < 0.6
    assert factor_of(1.4 * expected[:1], expected[:1], apart[:1, :1]) < 1.1
    assert factor_of(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros((0, 0))) == 1
