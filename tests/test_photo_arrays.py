"""Arrays as other libraries hand them over: any byte order, layout, subclass and flag; the same dtype comes back."""

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import photochrom
from photochrom.photo import Photo

DTYPES = [order + kind for kind in ("u1", "u2", "f2", "f4", "f8") for order in "<>"]
SHAPES = arrays.array_shapes(min_dims=2, max_dims=2, max_side=9).flatmap(
    lambda shape: st.sampled_from([shape, *((*shape, channels) for channels in (1, 2, 3, 4))])
)


@st.composite
def pictures(draw: st.DrawFn) -> np.ndarray:
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    array = draw(arrays.arrays(dtype, draw(SHAPES), elements=st.floats(0, 1, width=16) if dtype.kind == "f" else None))
    layout = draw(st.sampled_from(["C", "F", "flipped", "strided", "read-only", "broadcast"]))
    if layout == "F":
        array = np.asfortranarray(array)
    elif layout == "flipped":
        array = array[::-1, ::-1]
    elif layout == "strided":
        array = array.repeat(2, axis=0).repeat(3, axis=1)[::2, ::3]
    elif layout == "read-only":
        array.flags.writeable = False
    elif layout == "broadcast":
        array = np.broadcast_to(array[:1], array.shape)
    kind = draw(st.sampled_from(["ndarray", "masked", "memmap", "record", "matrix"]))
    if kind == "masked":
        return np.ma.masked_array(array)
    if kind == "memmap":
        return array.view(np.memmap)
    if kind == "record":
        return array.view(np.recarray)
    return array.view(np.matrix) if kind == "matrix" and array.ndim == 2 else array


@settings(deadline=None)
@given(pictures())
def test_pixels_and_dtype_are_kept(array: np.ndarray) -> None:
    before = np.array(array)
    photo = Photo.from_array(array)
    back = photo.to_array(dtype=array.dtype)
    assert back.dtype == array.dtype and type(back) is np.ndarray
    samples = before.reshape(*before.shape[:2], -1)
    color = samples[..., :1] if samples.shape[2] < 3 else samples[..., :3]
    np.testing.assert_allclose(back[..., :3], np.broadcast_to(color, back[..., :3].shape), atol=1e-3)
    if samples.shape[2] in (2, 4):
        np.testing.assert_allclose(back[..., 3], samples[..., -1], atol=1e-3)
    assert photo.pixels.flags.c_contiguous and photo.pixels.flags.writeable and photo.pixels.dtype.isnative
    photo.pixels[...] = 7
    np.testing.assert_array_equal(np.array(array), before)


@pytest.mark.filterwarnings("ignore::photochrom.errors.PictureWarning")  # noise has colour already
@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.generate])  # shrinking takes minutes
@given(pictures())
def test_coloured_arrays_have_the_dtype_of_the_given_one(array: np.ndarray) -> None:
    colored = photochrom.colorize(array, model="photo-fast")
    channels = 4 if array.ndim == 3 and array.shape[2] in (2, 4) else 3
    assert colored.dtype == array.dtype and colored.shape == (*array.shape[:2], channels)
    plain = photochrom.colorize(np.array(array).astype(array.dtype.newbyteorder("=")), model="photo-fast")
    np.testing.assert_array_equal(colored, plain)


@pytest.mark.parametrize("dtype", ["<u2", ">u2"])
def test_a_big_endian_file_is_coloured_as_a_little_endian_one(dtype: str) -> None:
    y, x = np.mgrid[:40, :50]
    array = ((x + y) * 700).astype(dtype)
    np.testing.assert_array_equal(
        photochrom.colorize(array, model="photo-fast"), photochrom.colorize(array.astype("u2"), model="photo-fast")
    )
