"""Verbs: train, export, finetune, bins."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from photochrom.cli import options
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


def _print_list(wanted: bool) -> None:
    if wanted:
        from photochrom.train.recipe.show import listing

        typer.echo(listing(), nl=False)
        raise typer.Exit


def _print_keys(wanted: bool) -> None:
    if wanted:
        from photochrom.train.recipe.show import keys_page

        typer.echo(keys_page(), nl=False)
        raise typer.Exit


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
    data: Annotated[list[str] | None, options.data("Folders, tar shards, CIFAR-10.  [required]")] = None,
    out: Annotated[Path | None, options.output("The run's folder.  [default: runs/RECIPE-N]", metavar="RUN")] = None,
    max_steps: options.Steps = None,
    max_minutes: options.Minutes = None,
    settings: options.RecipeSettings = None,
    resume: options.Resume = False,
    start: Annotated[
        Path | None,
        typer.Option(
            help="Begin with the weights of this run, .ckpt, photo model (.onnx), or one that ships, as photo-fast.",
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
    device: Annotated[str, options.device()] = "auto",
    keep_every: Annotated[
        int,
        typer.Option(
            help="Keep the weights of every so manyth epoch, for photochrom explain --run.  [default: none]",
            min=0,
            metavar="N",
            show_default=False,
        ),
    ] = 0,
    quiet: options.Quiet = False,
    show: Annotated[
        bool, typer.Option("--show", help="Print the recipe with all its keys, as TOML, and leave.")
    ] = False,
    list_recipes: Annotated[
        bool,
        typer.Option(
            "--list", help="List the recipes, with what they cost, and leave.", is_eager=True, callback=_print_list
        ),
    ] = False,
    list_keys: Annotated[
        bool,
        typer.Option(
            "--keys", help="Print a page of all keys of recipes and leave.", is_eager=True, callback=_print_keys
        ),
    ] = False,
) -> None:
    """Train a network from a recipe on one's own pictures."""

    def work() -> int:
        if show:
            from photochrom.train.recipe.show import shown

            typer.echo(shown(recipe, settings or []), nl=False)
            return 0
        from photochrom.train.command import run_train
        from photochrom.train.run.options import RunOptions

        chosen = RunOptions(
            max_steps=max_steps,
            max_minutes=max_minutes,
            resume=resume,
            device=device,
            quiet=quiet,
            keep_every=keep_every,
        )
        return run_train(recipe, data or [], out, settings=settings or [], options=chosen, start=start, bins=bins)

    leave(work)


def export(
    run: Annotated[Path, typer.Argument(help="A run's folder, or a .ckpt.", metavar="RUN", show_default=False)],
    out: Annotated[Path | None, options.output("[default: RUN/RECIPE.onnx]", metavar="FILE.onnx")] = None,
    domain: Annotated[
        str | None, typer.Option(help="The kind of picture it is for.  [default: the recipe's]", metavar="NAME")
    ] = None,
    licence: Annotated[str, typer.Option(help="Of the weights.", metavar="NAME")] = "unspecified",
    half: Annotated[bool, typer.Option("--half", help="Keep the weights as float16: half the file.")] = False,
    reverse: Annotated[
        bool, typer.Option("--reverse", help="Of a CycleGAN the way back: from colour to the other kind of picture.")
    ] = False,
    overwrite: options.Overwrite = False,
) -> None:
    """Write a trained network as an .onnx file, for photochrom -m."""

    def work() -> int:
        from photochrom.train.command import run_export

        return run_export(run, out, domain=domain, licence=licence, half=half, reverse=reverse, overwrite=overwrite)

    leave(work)


def finetune(
    data: options.Data,
    model: Annotated[str, options.model()] = "photo",
    out: Annotated[
        Path | None, options.output("The run's folder.  [default: runs/MODEL-finetuned-N]", metavar="RUN")
    ] = None,
    whole: Annotated[bool, typer.Option("--whole", help="Let the encoder learn too: slower.")] = False,
    max_steps: options.Steps = None,
    max_minutes: options.Minutes = None,
    settings: options.RecipeSettings = None,
    resume: options.Resume = False,
    device: Annotated[str, options.device()] = "auto",
    quiet: options.Quiet = False,
) -> None:
    """Train a shipped model on with one's own colour pictures."""

    def work() -> int:
        from photochrom.train.command import run_finetune
        from photochrom.train.run.options import RunOptions

        chosen = RunOptions(max_steps=max_steps, max_minutes=max_minutes, resume=resume, device=device, quiet=quiet)
        return run_finetune(model, data, out, whole=whole, settings=settings or [], options=chosen)

    leave(work)


def bins(
    data: options.Data,
    out: Annotated[Path, options.output("The file to write.", metavar="FILE.npz")] = Path("bins.npz"),
    pictures: Annotated[int, typer.Option(help="Look at this many at most.", min=1, metavar="N")] = 3000,
    settings: options.RecipeSettings = None,
    overwrite: options.Overwrite = False,
) -> None:
    """Count the colours of training pictures in bins, for eccv16 and photo."""

    def work() -> int:
        from photochrom.train.command import run_bins

        return run_bins(data, out, pictures=pictures, settings=settings or [], overwrite=overwrite)

    leave(work)
