"""A setting of the C library that halves the time of a training step on a CPU under Linux."""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4  # of mallopt(3)


def keep_memory() -> bool:
    """Let glibc keep large freed blocks, for the rest of the process's life; whether there was a glibc to do so.

    torch allocates every activation anew at each step, and the kernel fills each page that was given back with zeros
    again, which is half of the time of a step on two cores. The same as MALLOC_MMAP_MAX_=0 and
    MALLOC_TRIM_THRESHOLD_=-1 in the environment, which are only read when a process starts.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(_MMAP_MAX, 0)) and bool(mallopt(_TRIM_THRESHOLD, -1))
