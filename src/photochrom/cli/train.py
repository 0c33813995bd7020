"""Verbs: train, export, finetune, bins."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from photochrom.cli.exits import leave
from photochrom.cli.repeated import SeveralValues


def register(app: typer.Typer) -> None:
    """Add the verbs to the command."""
    app.command(cls=SeveralValues)(train)
    app.command()(export)
    app.command(cls=SeveralValues)(finetune)
    app.command(cls=SeveralValues)(bins)


def _recipes(incomplete: str) -> list[str]:
    from photochrom.train.recipe import recipe_names

    return [name for name in recipe_names() if name.startswith(incomplete)]


Data = Annotated[
    list[str],
    typer.Option("--data", help="Folders, tar shards, CIFAR-10.", metavar="PATH...", show_default=False),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", help="Change the recipe, as in train.batch=8.", metavar="KEY=VALUE...", show_default=False),
]
Steps = Annotated[int | None, typer.Option(help="End after so many batches.", min=1, metavar="N", show_default=False)]
Minutes = Annotated[float | None, typer.Option(help="End after this time.", min=0.01, metavar="N", show_default=False)]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with a run that was stopped or killed.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.", metavar="NAME")]


def train(
    recipe: Annotated[
        str,
        typer.Argument(
            help="Name of a recipe that ships, or a .toml file.",
            autocompletion=_recipes,
            metavar="RECIPE",
            show_default=False,
        ),
    ],
    data: Data,
    out: Annotated[
        Path | None, typer.Option(help="The run's folder.  [default: runs/RECIPE-N]", metavar="RUN", show_default=False)
    ] = None,
    max_steps: Steps = None,
    max_minutes: Minutes = None,
    settings: Settings = None,
    resume: Resume = False,
    start: Annotated[
        Path | None,
        typer.Option(
            help="Begin with the weights of this run, .ckpt or exported photo model (.onnx).",
            metavar="RUN",
            show_default=False,
        ),
    ] = None,
    bins: Annotated[
        Path | None,
        typer.Option(
            help="Colour bins of photochrom bins.  [default: those of --start, or counted now]",
            metavar="FILE.npz",
            show_default=False,
        ),
    ] = None,
    device: Device = "auto",
    quiet: Annotated[bool, typer.Option("--quiet", help="Neither bar nor warnings on stderr.")] = False,
) -> None:
    """Train a network from a recipe on one's own pictures."""

    def work() -> int:
        from photochrom.train.command import run_train
        from photochrom.train.run.options import RunOptions

        options = RunOptions(max_steps=max_steps, max_minutes=max_minutes, resume=resume, device=device, quiet=quiet)
        return run_train(recipe, data, out, settings=settings or [], options=options, start=start, bins=bins)

    leave(work)


def export(
    run: Annotated[Path, typer.Argument(help="A run's folder, or a .ckpt.", metavar="RUN", show_default=False)],
    output: Annotated[
        Path | None, typer.Option("-o", "--out", "--output", help="[default: RUN/RECIPE.onnx]", metavar="FILE.onnx")
    ] = None,
    domain: Annotated[str, typer.Option(help="The kind of picture it is for.", metavar="NAME")] = "photo",
    licence: Annotated[str, typer.Option(help="Of the weights.", metavar="NAME")] = "unspecified",
    half: Annotated[bool, typer.Option("--half", help="Keep the weights as float16: half the file.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file if it is there.")] = False,
) -> None:
    """Write a trained network as an .onnx file, for photochrom -m."""

    def work() -> int:
        from photochrom.train.command import run_export

        return run_export(run, output, domain=domain, licence=licence, half=half, overwrite=overwrite)

    leave(work)


def finetune(
    data: Data,
    model: Annotated[str, typer.Option("-m", "--model", help="Shipped model, or .onnx.", metavar="NAME")] = "photo",
    out: Annotated[
        Path | None,
        typer.Option(help="The run's folder.  [default: runs/MODEL-finetuned-N]", metavar="RUN", show_default=False),
    ] = None,
    whole: Annotated[bool, typer.Option("--whole", help="Let the encoder learn too: slower.")] = False,
    max_steps: Steps = None,
    max_minutes: Minutes = None,
    settings: Settings = None,
    resume: Resume = False,
    device: Device = "auto",
    quiet: Annotated[bool, typer.Option("--quiet", help="Neither bar nor warnings on stderr.")] = False,
) -> None:
    """Train a shipped model on with one's own colour pictures."""

    def work() -> int:
        from photochrom.train.command import run_finetune
        from photochrom.train.run.options import RunOptions

        options = RunOptions(max_steps=max_steps, max_minutes=max_minutes, resume=resume, device=device, quiet=quiet)
        return run_finetune(model, data, out, whole=whole, settings=settings or [], options=options)

    leave(work)


def bins(
    data: Data,
    out: Annotated[Path, typer.Option(help="The file to write.", metavar="FILE.npz")] = Path("bins.npz"),
    pictures: Annotated[int, typer.Option(help="Look at this many at most.", min=1, metavar="N")] = 3000,
    settings: Settings = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file if it is there.")] = False,
) -> None:
    """Count the colours of training pictures in bins, for eccv16 and photo."""

    def work() -> int:
        from photochrom.train.command import run_bins

        return run_bins(data, out, pictures=pictures, settings=settings or [], overwrite=overwrite)

    leave(work)
