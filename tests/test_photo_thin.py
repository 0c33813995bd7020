"""Pictures like a thread: of few pixels, whatever their sides; they take time and memory by what they hold."""

import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from photochrom.color.lightness import lightness, shrink_lightness
from photochrom.color.upsample import paint


@pytest.mark.parametrize("shape", [(1, 400_000), (400_000, 1), (3, 200_000), (200_000, 3)])
def test_thin_pictures_are_shrunk_and_painted_as_others(shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    size = (64, 2) if shape[1] > shape[0] else (2, 64)
    small = shrink_lightness(pixels, size)
    long = lightness(pixels).mean(axis=0 if shape[1] > shape[0] else 1).reshape(64, -1).mean(axis=1)
    if min(shape) == 1:
        np.testing.assert_allclose(small.mean(axis=0 if shape[1] > shape[0] else 1), long, rtol=1e-4)
    ab = np.zeros((*small.shape, 2), np.float32)
    colored = paint(pixels, ab)
    np.testing.assert_array_equal(colored[..., 1], pixels, "grey colours leave the lightness alone")
    ab[..., 0] = 30
    rose = paint(pixels, ab)
    assert rose.shape == (*shape, 3)
    assert (rose[..., 0].astype(int) >= rose[..., 1]).all()


@pytest.mark.skipif(sys.platform != "linux", reason="no /proc; ru_maxrss begins with what the parent had")
@pytest.mark.parametrize("size", [(5_000_000, 1), (1, 5_000_000)])
def test_five_megapixels_in_one_row_fit_into_400_mb(size: tuple[int, int]) -> None:
    code = f"""
        import numpy as np
        import photochrom

        grey = np.arange({size[0] * size[1]}, dtype=np.uint32).astype(np.uint8).reshape({size[1]}, {size[0]})
        photochrom.colorize(photochrom.Photo.from_array(grey), model="photo-fast")
        print(next(int(line.split()[1]) / 1024 for line in open("/proc/self/status") if line.startswith("VmHWM")))
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], check=True, env=environment, capture_output=True, text=True
    )
    assert float(done.stdout) < 400
