"""Verbs: bench, convert."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from photochrom.cli import options
from photochrom.cli.exits import leave


def register(app: typer.Typer) -> None:
    """Add the verbs to the command."""
    app.command()(bench)
    app.command()(convert)


def bench(
    out: Annotated[Path, options.output("The page; its data and plots go beside it.", metavar="FILE.md")] = Path(
        "benchmarks.md"
    ),
    quick: Annotated[bool, typer.Option("--quick", help="A look, in about a minute.")] = False,
    data: Annotated[
        Path | None, options.data("Folder of pictures to colour.  [default: drawn ones]", metavar="FOLDER")
    ] = None,
    model: Annotated[
        list[str] | None, options.model("Ours: name or .onnx file; may be repeated.  [default: photo]")
    ] = None,
    peer: Annotated[
        list[str] | None,
        typer.Option(
            help="Others, as of convert --as; may be repeated.  [default: all but deoldify-stable]", metavar="NAME"
        ),
    ] = None,
    no_peers: Annotated[bool, typer.Option("--no-peers", help="Only our models.")] = False,
    no_torch: Annotated[bool, typer.Option("--no-torch", help="Through onnxruntime only.")] = False,
    rounds: Annotated[
        int | None, typer.Option(help="How often a network is timed.  [default: 7]", min=1, metavar="N")
    ] = None,
    overwrite: options.Overwrite = False,
) -> None:
    """Time our models and others' networks on this machine, and the way from file to file."""

    def work() -> int:
        import shlex
        import sys
        from dataclasses import replace

        from photochrom.evaluate.bench import plan as plans
        from photochrom.evaluate.bench.command import run

        default = plans.quick() if quick else plans.full()
        plan = replace(
            default,
            data=data,
            torch=not no_torch,
            models=tuple(model or default.models),
            peers=() if no_peers else tuple(peer or default.peers),
            rounds=rounds or default.rounds,
        )
        return run(plan, out, command=shlex.join(["photochrom", *sys.argv[1:]]), overwrite=overwrite)

    leave(work)


def convert(
    to: Annotated[
        str,
        typer.Option(
            "--as",
            help="ddcolor-tiny, ddcolor-large, eccv16, siggraph17, deoldify-artistic or deoldify-stable.",
            metavar="NAME",
        ),
    ],
    weights: Annotated[
        str,
        typer.Argument(
            help="File, https address or hub id.  [default: where the authors keep them]", metavar="[WEIGHTS]"
        ),
    ] = "",
    output: Annotated[str | None, options.output("[default: NAME.onnx]", metavar="FILE.onnx")] = None,
    work_size: Annotated[
        int | None,
        typer.Option(
            help="Short side at which the network looks at a picture.  [default: its authors']",
            min=64,
            max=2048,
            metavar="PIXELS",
        ),
    ] = None,
    sha256: Annotated[str, typer.Option(help="That the weights must have.", metavar="HEX")] = "",
    overwrite: options.Overwrite = False,
) -> None:
    """Turn other people's published weights into an .onnx that --model takes."""

    def work() -> int:
        from photochrom.train.peers.convert import run

        return run(weights, name=to, output=output, size=work_size, sha256=sha256, overwrite=overwrite)

    leave(work)
