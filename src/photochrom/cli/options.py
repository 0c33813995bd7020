"""Options that several verbs have: names, help and metavar said once."""

from __future__ import annotations

import math
from typing import Annotated, Any, TypeAlias

import typer

DOMAIN = "photo, sketch, infrared, thermal, satellite, or auto to decide for each.  [default: the model's, photo]"
ONE_DOMAIN = "photo, sketch, infrared, thermal or satellite.  [default: the model's, photo]"
OF_RUNS = "auto, cpu, cuda or mps."


def finite(value: float | None) -> float | None:
    """Callback of an option that takes a number: refuses nan and inf, which ranges let through."""
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"it must be a finite number, got {value}")
    return value


def data(help: str, *, metavar: str = "PATH...") -> Any:
    """--data: pictures."""
    return typer.Option("--data", help=help, metavar=metavar)


def output(help: str, *, metavar: str) -> Any:
    """-o: where the result goes."""
    return typer.Option("-o", "--out", "--output", help=help, metavar=metavar)


def model(help: str = "Name (see photochrom models) or .onnx file.", *, metavar: str = "NAME") -> Any:
    """-m: a model, or several."""
    return typer.Option("-m", "--model", help=help, autocompletion=_model_names, metavar=metavar)


def domain(help: str = DOMAIN) -> Any:
    """--domain: the kind of picture."""
    return typer.Option("--domain", help=help, autocompletion=_domain_names, metavar="NAME")


def device(help: str = OF_RUNS) -> Any:
    """--device: what the work is done on."""
    return typer.Option("--device", help=help, metavar="NAME")


Overwrite: TypeAlias = Annotated[bool, typer.Option("--overwrite", help="Replace what is there already.")]

# Of colouring

Device: TypeAlias = Annotated[str, device("auto, cpu, cuda, coreml, directml...")]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="One JSON line for each picture on stdout.")]
Hint: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        help="A place's colour: 320,200=#7a1f1f (px) or 45%,30%=olive; @8 for a radius.", metavar="X,Y=COLOUR"
    ),
]
Hints: TypeAlias = Annotated[
    list[str] | None, typer.Option(help="Hints in a .json, or painted on a transparent .png.", metavar="FILE")
]

Bands: TypeAlias = Annotated[
    str | None,
    typer.Option(help="Of a satellite's TIFF: 4, or three as 4,3,2.  [default: the first]", metavar="LIST"),
]

Reference: TypeAlias = Annotated[
    list[str] | None, typer.Option(help="A picture in colour, whose colours are followed.", metavar="FILE")
]
Statistics: TypeAlias = Annotated[
    str,
    typer.Option(help="How what matches no place of a reference follows it: monge, reinhard or none.", metavar="NAME"),
]

# Of a training run

Data: TypeAlias = Annotated[list[str], data("Folders, tar shards, CIFAR-10.")]
RecipeSettings: TypeAlias = Annotated[
    list[str] | None, typer.Option("--set", help="Change the recipe, as in train.batch=8.", metavar="KEY=VALUE...")
]
Steps: TypeAlias = Annotated[int | None, typer.Option(help="End a run after so many batches.", min=1, metavar="N")]
Minutes: TypeAlias = Annotated[
    float | None, typer.Option(help="End a run after this time.", min=0.01, metavar="N", callback=finite)
]
Resume: TypeAlias = Annotated[bool, typer.Option("--resume", help="Go on with a run that was stopped or killed.")]
Quiet: TypeAlias = Annotated[bool, typer.Option("--quiet", help="Neither bar nor warnings on stderr.")]


def _domain_names(incomplete: str) -> list[str]:
    from photochrom.domains.table import DOMAINS

    return [name for name in (*DOMAINS, "auto") if name.startswith(incomplete)]


def _model_names(incomplete: str) -> list[str]:
    """Model names for the shell; for anything else (a path to a file) it completes files by itself."""
    import photochrom

    return [info.name for info in photochrom.models() if info.name.startswith(incomplete)]
