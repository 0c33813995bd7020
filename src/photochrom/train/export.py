"""From a trained method to the .onnx that `photochrom --model` and the library take, checked against torch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from photochrom.atomic import atomic_write
from photochrom.domains.table import find_domain
from photochrom.errors import ModelError
from photochrom.train.methods import ColorMethod, load_method
from photochrom.train.onnx_writing import PARITY, difference, to_onnx


def export(
    run_or_ckpt: str | Path, out: Path, *, domain: str | None = None, licence: str = "unspecified",
    half: bool = False, reverse: bool = False, overwrite: bool = False,
) -> float:  # fmt: skip
    """Write a run (or a .ckpt) as an .onnx, as export_method() does. Raises UsageError (no checkpoint) too."""
    method = load_method(run_or_ckpt)
    return export_method(method, out, domain=domain, licence=licence, half=half, reverse=reverse, overwrite=overwrite)


def export_method(
    method: ColorMethod, out: Path, *, domain: str | None = None, licence: str = "unspecified",
    half: bool = False, reverse: bool = False, overwrite: bool = False,
) -> float:  # fmt: skip
    """Write what a method has learned as an .onnx; gives the largest difference between torch and onnxruntime.

    domain: the kind of picture it is for; None for the recipe's. half: keep weights as float16, widened on loading:
    half the file.
    reverse: the network for the way back, of a CycleGAN: from colour pictures (input "lab") to the other domain.
    Raises OutputExistsError, UsageError for an unknown domain, and ModelError when the file doesn't give what torch
    gives.
    """
    domain = find_domain(domain or method.recipe.domain).name
    network, spec = method.reverse_exportable() if reverse else method.exportable()
    recipe = method.recipe
    details = {**spec.details, "recipe_sha256": recipe.sha256}
    spec = replace(spec, domain=domain, licence=licence, recipe=recipe.name, details=details)
    data = to_onnx(network, spec, half=half)
    worst = difference(data, network, spec)
    if not worst <= PARITY:
        why = "export it without float16 weights" if half else "its weights may be broken (NaN): train it again"
        raise ModelError(f"the export to {out} differs from torch by {worst:.1e}, over {PARITY:g}: {why}")
    with atomic_write(out, overwrite=overwrite) as stream:
        stream.write(data)
    return worst
