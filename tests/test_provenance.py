"""What a result file and a run's folder say of where they come from."""

import os
import platform

import numpy as np

import photochrom
from photochrom import provenance


def test_versions_are_of_what_is_installed() -> None:
    told = provenance.versions(("numpy", "no-such-package"))
    assert told["python"] == platform.python_version()
    assert (told["photochrom"], told["numpy"]) == (photochrom.__version__, np.__version__)
    assert "no-such-package" not in told


def test_hardware_and_revision() -> None:
    told = provenance.hardware()
    assert told["cpu"] == provenance.processor() != ""
    assert told["cores"] == os.cpu_count()
    revision = provenance.revision().removesuffix("-dirty")  # "" for an installed package
    assert revision == "" or (len(revision) == 40 and int(revision, 16))
