"""A setting of the C library that halves the time of a training step on a CPU under Linux."""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4  # of mallopt(3)


def keep_memory() -> bool:
    """Let glibc keep large freed blocks instead of giving them back; whether it was there to be asked.

    torch allocates every activation anew at each step, and the kernel has to fill each returned page with zeros again:
    half of the time of a step on two cores. The same as MALLOC_MMAP_MAX_=0 and MALLOC_TRIM_THRESHOLD_=-1 in the
    environment, which only count before the process starts. For the rest of the process's life.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(_MMAP_MAX, 0)) and bool(mallopt(_TRIM_THRESHOLD, -1))
