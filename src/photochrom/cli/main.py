"""The command `photochrom`. Only signatures and help live here; a verb's code is imported when it runs.

`photochrom old.jpg` needs no verb: whatever does not begin with a verb's name is a picture or an option. A file that is
called as a verb is given as `./models`.
"""

from __future__ import annotations

import os
import signal
import sys
from io import TextIOWrapper
from types import FrameType
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from photochrom.cli import bench, evaluate, study, train
from photochrom.cli.exits import leave

_COLOR = "color files"  # the verb that is never typed; a space keeps it clear of file names
_GROUP_OPTIONS = ("--install-completion", "--show-completion")


class _Group(TyperGroup):
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        completing_first_word = ctx.resilient_parsing and not args
        if not completing_first_word and not (
            args and (args[0] in self.commands or args[0].startswith(_GROUP_OPTIONS))
        ):
            args = [_COLOR, *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """Verbs and, where one of them matches, the files beside them (the shell adds files to an empty answer)."""
        color = self.commands[_COLOR]
        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete) + color.shell_complete(ctx, incomplete)
        verbs = [item for item in super().shell_complete(ctx, incomplete) if item.value != _COLOR]
        if not verbs:
            return []
        files = sorted(name for name in os.listdir() if name.startswith(incomplete) and not name.startswith("."))
        return verbs + [type(verbs[0])(name) for name in files]


class _ColorContext(typer.Context):
    @property
    def command_path(self) -> str:
        return self.parent.command_path if self.parent else ""


class _Color(TyperCommand):
    """The default verb: shown as the command itself, with the other verbs below its options."""

    context_class = _ColorContext

    def format_options(self, ctx: Any, formatter: Any) -> None:
        super().format_options(ctx, formatter)
        group = ctx.parent.command
        options = [record for p in group.get_params(ctx) if p.name != "help" and (record := p.get_help_record(ctx))]
        if options:
            with formatter.section("Shell completion"):
                formatter.write_dl(options)
        group.format_commands(ctx, formatter)


app = typer.Typer(
    name="photochrom",
    cls=_Group,
    help="Colour black-and-white pictures.",
    rich_markup_mode=None,  # rich costs more time than the rest of --help together
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"photochrom {version('photochrom')}")
        raise typer.Exit


def _model_names(incomplete: str) -> list[str]:
    """Model names for the shell; for anything else (a path to a file) it completes files by itself."""
    import photochrom

    return [info.name for info in photochrom.models() if info.name.startswith(incomplete)]


def _formats(incomplete: str) -> list[str]:
    from photochrom.codec.writing import SUFFIXES

    return [name for name in map(str.lower, dict.fromkeys(SUFFIXES.values())) if name.startswith(incomplete)]


@app.command(_COLOR, cls=_Color, hidden=True, epilog="A file called as a command is given as ./models.")
def color(
    files: Annotated[
        list[str] | None,
        typer.Argument(help="Pictures, folders (with -r), patterns; - is stdin.", metavar="FILES", show_default=False),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            "--out",
            help="File for one picture (old.png), else a folder; - is stdout.",
            metavar="PATH",
        ),
    ] = None,
    recursive: Annotated[
        bool, typer.Option("-r", "--recursive", help="Go into folders; -o mirrors their structure.")
    ] = False,
    model: Annotated[
        str,
        typer.Option(
            "-m",
            "--model",
            help="Name (see photochrom models) or .onnx file.",
            autocompletion=_model_names,
            metavar="NAME",
        ),
    ] = "photo",
    detail: Annotated[
        int | None,
        typer.Option(help="Size the network works at: more sees finer things.", min=64, max=2048, metavar="PIXELS"),
    ] = None,
    strength: Annotated[float, typer.Option(help="How much colour is laid on.", min=0, max=1.5, metavar="X")] = 1.0,
    vividness: Annotated[
        float, typer.Option(help="From the safest to the boldest guess.", min=0, max=2, metavar="X")
    ] = 1.0,
    variants: Annotated[
        int, typer.Option(help="Write this many different colourings.", min=1, max=100, metavar="N")
    ] = 1,
    seed: Annotated[int | None, typer.Option(help="Another number, another colouring.", min=0, metavar="N")] = None,
    keep_tint: Annotated[bool, typer.Option("--keep-tint", help="Keep the tint of sepia and toned pictures.")] = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, coreml, directml...", metavar="NAME")] = "auto",
    format: Annotated[
        str | None,
        typer.Option(
            help="jpeg, png, tiff, webp, bmp or avif.  [default: as the picture]",
            autocompletion=_formats,
            metavar="NAME",
        ),
    ] = None,
    quality: Annotated[int | None, typer.Option(help="Of JPEG, WebP and AVIF.", min=1, max=100, metavar="N")] = None,
    max_megapixels: Annotated[
        float, typer.Option(help="Refuse bigger pictures.", min=0, metavar="N", show_default=True)
    ] = 300.0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace results that are there already.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line for each picture on stdout.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and leave.", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    """Colour black-and-white pictures: old.jpg becomes old.color.jpg beside it."""
    from photochrom.batch.command import run
    from photochrom.batch.run import Options

    options = Options(
        detail=detail,
        strength=strength,
        vividness=vividness,
        seed=seed,
        variants=variants,
        keep_tint=keep_tint,
        format=format,
        quality=quality,
        overwrite=overwrite,
        max_megapixels=max_megapixels,
    )
    leave(
        lambda: run(
            files or [],
            options=options,
            model=model,
            device=device,
            output=output,
            recursive=recursive,
            as_json=as_json,
        )
    )


@app.command()
def models(as_json: Annotated[bool, typer.Option("--json", help="The table as JSON.")] = False) -> None:
    """List the models: size, licence, scores."""
    from photochrom.cli.models import run

    leave(lambda: run(as_json=as_json))


for verbs in (train, study, evaluate, bench):
    verbs.register(app)


def _terminated(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)  # unwinds, so that a file that is half written is removed


def main() -> None:
    """The console script: exit codes 0 done, 1 some failed, 2 wrong use, 130 interrupted, 141 nobody reads stdout."""
    if isinstance(sys.stdout, TextIOWrapper):  # file names need not be valid text
        sys.stdout.reconfigure(errors="surrogateescape" if os.name == "posix" else "backslashreplace")
    signal.signal(signal.SIGTERM, _terminated)
    try:
        app(prog_name="photochrom")
    except KeyboardInterrupt:
        sys.exit(130)
