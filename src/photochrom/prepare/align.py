"""An input laid over its colour picture: two cameras side by side, or one picture cropped, see the same from elsewhere.

Brightness differs between the two (leaves are dark here and bright there), edges hardly do, so what is compared is the
strength of edges. "ecc" moves, turns, scales and shears (Evangelidis and Psarakis, PAMI 2008), from coarse to fine;
"homography" matches points of both (Lowe's SIFT) and takes what most of them agree on (RANSAC), also for large shifts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.errors import PictureError

Alignment = Literal["auto", "none", "ecc", "homography"]
ALIGNMENTS: tuple[Alignment, ...] = get_args(Alignment)
SAME_SHAPE = 0.01  # of the ratio of width to height: how far it may differ for "auto" to take both for aligned
WORK = 512  # pixels on the long side at which pictures are compared
LEAST_SHARE = 0.25  # of the colour picture that the input has to cover
LEAST_LIKENESS = 0.1  # correlation of the edges below which nothing was found
LEAST_MATCHES = 12  # points that agree

Pixels = NDArray[np.uint8]
Matrix = NDArray[np.float64]  # (3,3): a place x, y, 1 of the colour picture -> that of the input


@dataclass(frozen=True)
class Aligned:
    """A colour picture and its input, (h,w,3) uint8 each, of what both show. likeness: correlation of edges, -1..1."""

    truth: Pixels
    given: Pixels
    likeness: float


def align(truth: Pixels, given: Pixels, how: Alignment = "auto") -> Aligned:
    """Lay an input (H',W',3) over its colour picture (H,W,3), and crop both to what they share.

    how: "none" only resizes the input; "auto" does so where both have one shape, else tries ECC, then a homography.
    Raises PictureError where the two can't be laid over each other.
    """
    resized = np.diag([given.shape[1] / truth.shape[1], given.shape[0] / truth.shape[0], 1.0])
    same = abs(truth.shape[1] * given.shape[0] / (truth.shape[0] * given.shape[1]) - 1) <= SAME_SHAPE
    if how == "none" or (how == "auto" and same):
        return _cropped(truth, given, resized)
    tries = ("ecc", "homography") if how == "auto" else (how,)
    found = [_FINDERS[name](truth, given) for name in tries]
    fitting = [one for one in found if one is not None and _makes_sense(one, truth, given)]
    laid = [_cropped(truth, given, matrix) for matrix in fitting]
    best = max(laid, key=lambda one: one.likeness, default=None)
    if best is None or best.likeness < LEAST_LIKENESS:
        raise PictureError(
            "it can't be laid over its colour picture: their edges don't agree; crop both to the same part, or leave "
            "the pair out"
        )
    return best


def _by_ecc(truth: Pixels, given: Pixels) -> Matrix | None:
    """By ECC on the edges of a pyramid, first a shift and a scale, then an affine map."""
    small_truth, scale_truth = _small(truth)
    small_given, scale_given = _small(given)
    # Begin with the input's width laid over the picture's and its middle over the middle.
    scale = min(small_given.shape[1] / small_truth.shape[1], small_given.shape[0] / small_truth.shape[0])
    height, width = small_truth.shape
    middle = (small_given.shape[1] - scale * width) / 2, (small_given.shape[0] - scale * height) / 2
    start = np.array([[scale, 0, middle[0]], [0, scale, middle[1]]], np.float32)
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 100, 1e-5)
    for level in (8, 4, 2, 1):
        target, source = (_edges(_shrunk(picture, level)) for picture in (small_truth, small_given))
        if min(*target.shape, *source.shape) < 16:
            continue
        warp = start.copy()
        warp[:, 2] /= level
        try:
            _, found = cv2.findTransformECC(target, source, warp, cv2.MOTION_AFFINE, criteria)
        except cv2.error:
            continue  # it didn't converge here: a finer level may
        start = np.array(found, np.float32)
        start[:, 2] *= level
    affine = np.vstack([start.astype(np.float64), [0, 0, 1]])
    return _at_full_size(affine, scale_truth, scale_given)


def _by_homography(truth: Pixels, given: Pixels) -> Matrix | None:
    """By points that both have."""
    small_truth, scale_truth = _small(truth)
    small_given, scale_given = _small(given)
    finder = cv2.SIFT.create(2000)
    (points_a, words_a), (points_b, words_b) = (
        finder.detectAndCompute(cv2.equalizeHist(picture), None) for picture in (small_truth, small_given)
    )
    if words_a is None or words_b is None or len(words_b) < 2:
        return None
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(words_a, words_b, k=2)
    good = [one for one, other in (pair for pair in pairs if len(pair) == 2) if one.distance < 0.8 * other.distance]
    if len(good) < LEAST_MATCHES:
        return None
    a = np.array([points_a[match.queryIdx].pt for match in good], np.float32)
    b = np.array([points_b[match.trainIdx].pt for match in good], np.float32)
    matrix, agreeing = cv2.findHomography(a, b, cv2.RANSAC, 3.0)
    if matrix is None or int(agreeing.sum()) < LEAST_MATCHES:
        return None
    return _at_full_size(np.asarray(matrix, np.float64), scale_truth, scale_given)


_FINDERS = {"ecc": _by_ecc, "homography": _by_homography}


def _cropped(truth: Pixels, given: Pixels, matrix: Matrix) -> Aligned:
    height, width = truth.shape[:2]
    flags = cv2.INTER_AREA if matrix[0, 0] > 1.5 else cv2.INTER_CUBIC
    if np.allclose(matrix, np.diag(np.diag(matrix))):
        warped = cv2.resize(given, (width, height), interpolation=flags)
        covered = np.ones((height, width), bool)
    else:
        if matrix[0, 0] > 1.5:  # warping takes single pixels: the mean of several is taken before
            factor = int(matrix[0, 0])
            given = cast(Pixels, cv2.resize(given, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA))
            matrix = np.diag([1 / factor, 1 / factor, 1.0]) @ matrix
        how = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        warped = cv2.warpPerspective(given, matrix, (width, height), flags=how, borderMode=cv2.BORDER_REPLICATE)
        whole = np.full(given.shape[:2], 255, np.uint8)
        covered = np.asarray(cv2.warpPerspective(whole, matrix, (width, height), flags=how)) > 250
    rows, columns = _largest_rectangle(covered)
    ours, theirs = truth[rows, columns], np.asarray(warped, np.uint8)[rows, columns]
    if ours.size < LEAST_SHARE * truth.size:
        return Aligned(ours, theirs, -1.0)
    return Aligned(np.ascontiguousarray(ours), np.ascontiguousarray(theirs), _likeness(ours, theirs))


def _likeness(truth: Pixels, given: Pixels) -> float:
    """Correlation of the edges."""
    a, b = (_edges(_small(picture)[0]).ravel() for picture in (truth, given))
    if min(a.std(), b.std()) < 1e-6:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def _largest_rectangle(covered: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Rows and columns that are covered wholly: the sides that cover least are cut off one after another."""
    top, bottom, left, right = 0, covered.shape[0], 0, covered.shape[1]
    while top < bottom and left < right:
        part = covered[top:bottom, left:right]
        shares = [float(side.mean()) for side in (part[0], part[-1], part[:, 0], part[:, -1])]
        worst = shares.index(min(shares))
        if shares[worst] >= 1:
            break
        top, bottom = top + (worst == 0), bottom - (worst == 1)
        left, right = left + (worst == 2), right - (worst == 3)
    return slice(top, bottom), slice(left, right)


def _makes_sense(matrix: Matrix, truth: Pixels, given: Pixels) -> bool:
    """Whether it neither mirrors nor folds nor blows up: the picture's corners keep their order and a sane area."""
    if not np.isfinite(matrix).all():
        return False
    height, width = truth.shape[:2]
    corners = np.array([[0, 0, 1], [width, 0, 1], [width, height, 1], [0, height, 1]], np.float64) @ matrix.T
    if (corners[:, 2] <= 0).any():
        return False
    x, y = corners[:, 0] / corners[:, 2], corners[:, 1] / corners[:, 2]
    area = float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum() / 2)
    whole = given.shape[0] * given.shape[1]
    return bool(0.1 * whole < area < 10 * whole)


def _small(picture: Pixels) -> tuple[Pixels, float]:
    """Grey, at most WORK pixels long, and by how much it was made smaller."""
    scale = min(1.0, WORK / max(picture.shape[:2]))
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else grey
    return np.asarray(small, np.uint8), scale


def _shrunk(picture: Pixels, factor: int) -> Pixels:
    if factor == 1:
        return picture
    size = max(1, picture.shape[1] // factor), max(1, picture.shape[0] // factor)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _edges(grey: Pixels) -> NDArray[np.float32]:
    """The strength of edges (h,w), where strong ones don't drown the others."""
    plane = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 1.0)
    strength = cv2.magnitude(cv2.Sobel(plane, cv2.CV_32F, 1, 0), cv2.Sobel(plane, cv2.CV_32F, 0, 1))
    return np.asarray(cv2.GaussianBlur(np.sqrt(strength), (0, 0), 1.0), np.float32)


def _at_full_size(matrix: Matrix, scale_truth: float, scale_given: float) -> Matrix:
    """A matrix between small pictures, as one between the large ones."""
    return np.diag([1 / scale_given, 1 / scale_given, 1.0]) @ matrix @ np.diag([scale_truth, scale_truth, 1.0])
