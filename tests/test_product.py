"""Products in pieces: the same numbers, and no threads of BLAS that spin beside ours."""

import subprocess
import sys

import numpy as np
import pytest

from photochrom.color.product import product

_COLOR_TWO = """
import os, threading
import numpy as np
from photochrom import load_model
from photochrom.photo import Photo
from photochrom.threads import alone

def taken():
    others = set(os.listdir("/proc/self/task")) - {str(threading.get_native_id())}
    return sum(int(open(f"/proc/self/task/{task}/schedstat").read().split()[0]) for task in others) / 1e9

model = load_model("photo-fast", threads=1)
drawn = np.random.default_rng(0).integers(0, 256, (700, 1500, 3), np.uint8)
before = taken()
with alone():
    for pixels in (drawn, drawn[:, :, 0], drawn[:200, :300, 0]):
        photo = Photo.from_array(pixels)
        said = model.predict(photo)
        model.render(photo, said)
        model.confidence(said)
print(taken() - before)
"""


@pytest.mark.parametrize(
    "shapes",
    [((64, 300), (300, 500)), ((2, 171), (171, 6000)), ((4, 9000, 90), (90, 64)), ((64, 70), (2, 70, 384)),
     ((1, 400), (400, 3000)), ((40, 3000), (3000, 33)), ((5, 3), (3, 7)), ((1, 20000), (20000, 1))],
)  # fmt: skip
@pytest.mark.parametrize("into", [False, True])
def test_it_is_the_product(shapes: tuple[tuple[int, ...], tuple[int, ...]], into: bool) -> None:
    rng = np.random.default_rng(1)
    a, b = (rng.standard_normal(shape, np.float32) for shape in shapes)
    wanted = a.astype(np.float64) @ b
    out = np.full(wanted.shape, np.nan, np.float32) if into else None
    got = product(a, b, out)
    assert got.dtype == np.float32 and (out is None or got is out)
    np.testing.assert_allclose(got, wanted, rtol=1e-3, atol=1e-4 * a.shape[-1] ** 0.5)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what each thread took")
def test_a_picture_is_coloured_by_no_thread_but_its_own() -> None:
    ran = subprocess.run([sys.executable, "-c", _COLOR_TWO], capture_output=True, text=True, check=True)
    assert float(ran.stdout) == 0
