"""Matrix products on the thread that asks for them.  numpy only."""

from __future__ import annotations

import numpy as np

from photochrom.color.lab import Float

# OpenBLAS shares a product among threads of its own from so many multiplications on, of a vector from fewer. They wait
# for each other spinning: on cores that have other work, several of our threads say, that costs many times what it
# gives.
_MOST, _MOST_VECTOR = 1 << 18, 9 << 10
_STEP = 16  # rows or columns that are computed together: pieces are multiples of it


def product(a: Float, b: Float, out: Float | None = None) -> Float:
    """a @ b of matrices (...,m,k) and (...,k,n), float32, in pieces too small for BLAS to start threads; into `out` if
    given."""
    m, k, n = a.shape[-2], a.shape[-1], b.shape[-1]
    if m * k * n <= (_MOST_VECTOR if 1 in (m, n) else _MOST):
        whole: Float = np.matmul(a, b, out=out)
        return whole
    if out is None:
        out = np.empty((*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), m, n), np.float32)
    if max(m, n) < 2 * _STEP:
        first, last = slice(0, k // 2), slice(k // 2, k)
        return np.add(product(a[..., first], b[..., first, :]), product(a[..., last], b[..., last, :]), out=out)
    half = max(m, n) // 2 // _STEP * _STEP
    for part in (slice(0, half), slice(half, None)):
        if n >= m:
            product(a, b[..., part], out[..., part])
        else:
            product(a[..., part, :], b, out[..., part, :])
    return out
