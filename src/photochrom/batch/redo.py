"""`photochrom redo FILES...`: colour again as sidecars say."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import photochrom
from photochrom.batch.find import PassedOver
from photochrom.batch.plan import Job, output_file
from photochrom.batch.report import Report
from photochrom.batch.run import Options, color_files
from photochrom.batch.sidecar import Sidecar, read_sidecar
from photochrom.errors import OutputError, UsageError


def redo(names: Sequence[str], *, output: str | None, device: str, overwrite: bool, as_json: bool) -> int:
    """Do the whole run; gives the exit code. UsageError and ModelError come before any picture is touched."""
    sidecars = [read_sidecar(name) for name in names]
    targets = _targets(sidecars, output)
    named = {(one.model, one.domain) for one in sidecars}
    models = {(name, kind): photochrom.load_model(name, domain=kind, device=device) for name, kind in named}
    report = Report(len(sidecars), passed=PassedOver(), as_json=as_json)
    with report:
        for sidecar, target in zip(sidecars, targets, strict=True):
            colorizer = models[sidecar.model, sidecar.domain]
            job = Job(sidecar.picture, (target,), _clash(sidecar, target))
            options = Options(settings=sidecar.settings, overwrite=overwrite, judged=as_json, **sidecar.writing)
            told = sidecar.changed()
            if colorizer.info.sha256 != sidecar.model_sha256:
                told.append(f"{sidecar.result} was made by another {colorizer.info.name}: the colours may differ")
            for result in color_files([job], colorizer, options):
                result.warnings[:0] = told
                report.add(result)
    return 1 if report.failed or report.untold else 0


def _targets(sidecars: Sequence[Sidecar], output: str | None) -> list[Path]:
    """Where each result goes: where it was, or into `output`."""
    if output is None:
        return [one.result for one in sidecars]
    if one_file := output_file(output, None):
        if len(sidecars) > 1:
            raise UsageError(f"-o {output} names one file, but there is more than one picture; name a folder instead")
        return [one_file]
    targets = [Path(output, one.result.name) for one in sidecars]
    if len(set(targets)) < len(targets):
        raise UsageError(f"two results of one name would go to {output}: redo them one by one")
    return targets


def _clash(sidecar: Sidecar, target: Path) -> OutputError | None:
    if os.path.realpath(sidecar.picture) == os.path.realpath(target):
        return OutputError(f"{sidecar.picture} would be replaced by its own result; name another file with -o")
    return None
