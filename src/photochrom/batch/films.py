"""The films of a run: coloured by photochrom.film, whose extra may be missing where no film was meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from photochrom.batch.plan import Job
from photochrom.errors import PictureError, UsageError
from photochrom.progress import Progress, silent

if TYPE_CHECKING:
    from photochrom.batch.run import Options, Result
    from photochrom.colorizer import Colorizer


def color_job(job: Job, result: Result, colorizer: Colorizer, options: Options, *, progress: Progress = silent) -> None:
    """Colour the film of a job and put into the result what became of it. Raises PhotochromError."""
    if options.variants > 1:
        raise UsageError(
            f"a film is coloured in one way: leave out --variants for {job.source}, and give another --seed"
        )
    try:
        from photochrom.film.film import color_film
        from photochrom.film.preview import write_preview
        from photochrom.film.shot_sheet import write_shots
    except ModuleNotFoundError as error:
        raise PictureError(
            f"{job.source} is a film, which needs {error.name}, which isn't installed: pip install 'photochrom[film]'"
        ) from error
    target = job.outputs[0]
    make = {"": color_film, "preview": write_preview, "shots": write_shots}[options.film.sheet]
    done = make(
        job.source,
        target,
        colorizer,
        settings=options.settings,
        options=options.film,
        overwrite=options.replaces(target),
        progress=progress,
    )
    result.warnings += [f"{job.source}: {note}" for note in done.notes]
    result.outputs.append(target)
    result.error = done.error
