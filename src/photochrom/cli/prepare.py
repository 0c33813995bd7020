"""The verbs of prepare: pairs to train on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from photochrom.cli import options
from photochrom.cli.exits import leave

Pictures = Annotated[
    list[str], typer.Argument(help="Folders or .tar shards of colour pictures.", metavar="PATHS...", show_default=False)
]
Out = Annotated[Path, options.output("Folder for the pairs.", metavar="FOLDER")]
Seed = Annotated[int, typer.Option(help="Of the random style.", metavar="N")]
Alone = Annotated[bool, typer.Option("--alone", help="Only what is made, without copies of the colour pictures.")]


def register(app: typer.Typer) -> None:
    """Add the verbs to the command."""
    verbs = typer.Typer(help="Make pairs to train on: drawings, infrared, what a network makes, two cameras' pictures.")
    verbs.command()(sketch)
    verbs.command()(infrared)
    verbs.command()(simulated)
    verbs.command()(pairs)
    app.add_typer(verbs, name="prepare", rich_help_panel=None)


def sketch(
    data: Pictures,
    out: Out,
    style: Annotated[str, typer.Option(help="xdog, canny, sobel, soft or random.", metavar="NAME")] = "random",
    seed: Seed = 0,
    alone: Alone = False,
    overwrite: options.Overwrite = False,
) -> None:
    """Draw the lines of colour pictures."""

    def work() -> int:
        from photochrom.prepare.command import run_made

        return run_made("sketch", data, out, style=style, seed=seed, alone=alone, overwrite=overwrite)

    leave(work)


def infrared(
    data: Pictures,
    out: Out,
    style: Annotated[
        str, typer.Option(help="simulated (bright plants, dark sky), red (that channel) or random.", metavar="NAME")
    ] = "simulated",
    seed: Seed = 0,
    alone: Alone = False,
    overwrite: options.Overwrite = False,
) -> None:
    """Make near-infrared pictures of colour pictures, as they might be."""

    def work() -> int:
        from photochrom.prepare.command import run_made

        return run_made("ir", data, out, style=style, seed=seed, alone=alone, overwrite=overwrite)

    leave(work)


def simulated(
    data: Pictures,
    out: Out,
    model: Annotated[str, options.model(".onnx file that photochrom export --reverse wrote.", metavar="FILE")],
    detail: Annotated[
        int | None,
        typer.Option(
            help="Short side that the network sees.  [default: as it was trained]", min=8, max=4096, metavar="PIXELS"
        ),
    ] = None,
    device: Annotated[str, options.device("auto, cpu, cuda, coreml, directml...")] = "auto",
    alone: Alone = False,
    overwrite: options.Overwrite = False,
) -> None:
    """Make another kind of picture of colour pictures, by the way back of a CycleGAN."""

    def work() -> int:
        from photochrom.prepare.command import run_simulated

        return run_simulated(data, out, model=model, detail=detail, device=device, alone=alone, overwrite=overwrite)

    leave(work)


def pairs(
    color: Annotated[
        str, typer.Argument(help="Folder or .tar of the colour pictures.", metavar="COLOUR", show_default=False)
    ],
    other: Annotated[
        str,
        typer.Argument(help="That of the others, named alike (a_rgb, a_nir).", metavar="OTHER", show_default=False),
    ],
    out: Out,
    align: Annotated[
        str,
        typer.Option(help="auto (where shapes differ), none, ecc (small shifts) or homography.", metavar="NAME"),
    ] = "auto",
    kind: Annotated[str, typer.Option(help="What the others are called in the pairs.", metavar="WORD")] = "ir",
    overwrite: options.Overwrite = False,
) -> None:
    """Join the pictures of two folders, laid over each other, to pairs."""

    def work() -> int:
        from photochrom.prepare.command import run_pairs

        return run_pairs(color, other, out, align=align, kind=kind, overwrite=overwrite)

    leave(work)
