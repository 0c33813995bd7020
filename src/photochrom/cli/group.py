"""How `photochrom old.jpg` needs no verb: a group of verbs that takes everything else for pictures and options."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException

from photochrom.errors import suggestion
from photochrom.streams import complain, printable

COLOR = "color files"  # the verb that is never typed; a space keeps it clear of file names
_NO_VERBS = {"color", "colour", "colorize", "colorise", "colourize", "colourise"}
_GROUP_OPTIONS = ("--install-completion", "--show-completion")


class Group(TyperGroup):
    """Gives what begins with no verb to the verb that is never typed."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put that verb before a picture or an option of colouring."""
        completing_first_word = ctx.resilient_parsing and not args
        if not completing_first_word and not (
            args and (args[0] in self.commands or args[0].startswith(_GROUP_OPTIONS))
        ):
            if not ctx.resilient_parsing and args:
                _refuse_unknown_verb(args, [name for name in self.commands if name != COLOR])
            args = [COLOR, *args]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the verb; where its options are refused and a file is called like it, say how that is coloured."""
        try:
            return super().invoke(ctx)
        except TyperException as error:
            if isinstance(message := getattr(error, "message", None), str):
                error.message = printable(message) + _hint_at_namesake(ctx.invoked_subcommand, after=message)
            raise

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """Verbs and, where one of them matches, the files beside them (the shell adds files to an empty answer)."""
        color = self.commands[COLOR]
        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete) + color.shell_complete(ctx, incomplete)
        verbs = [item for item in super().shell_complete(ctx, incomplete) if item.value != COLOR]
        if not verbs:
            return []
        try:
            files = sorted(name for name in os.listdir() if name.startswith(incomplete) and not name.startswith("."))
        except OSError:  # the working folder is gone
            files = []
        return verbs + [type(verbs[0])(name) for name in files]


def _hint_at_namesake(verb: str | None, *, after: str) -> str:
    """How the file or folder that is called like a verb is coloured, if there is one."""
    if not verb or not os.path.lexists(verb):
        return ""
    how = f"folder {verb}: photochrom -r ./{verb}" if os.path.isdir(verb) else f"file {verb}: photochrom ./{verb}"
    joint = "" if not after else " " if after.endswith(".") else ". "
    return f"{joint}To colour the {how}"


def _refuse_unknown_verb(args: Sequence[str], verbs: Sequence[str]) -> None:
    """Leave where the first word was meant for a verb, as far as one can tell."""
    word = args[0]
    if not word.replace("-", "").isalpha() or word.startswith("-") or os.path.lexists(word):
        return
    if word.lower() in _NO_VERBS:
        line = " ".join(["photochrom", *(args[1:] or ["old.jpg"])])
        _refuse(f"colouring needs no verb {word!r}; did you mean: {line}")
    if nearest := suggestion(word, verbs, cutoff=0.75):
        _refuse(f"there is neither a verb nor a file {word!r}; {nearest}")


def _refuse(sentence: str) -> NoReturn:
    complain(f"photochrom: {sentence}")
    raise typer.Exit(2)


_RESTORED = ("eyes", "picture")


def _with_eyes(args: Sequence[str]) -> list[str]:
    """`--restore` alone means `--restore eyes`: what follows it may be a picture, but not one of the words misspelt."""
    made = []
    for i, word in enumerate(args):
        made.append(word)
        if word == "--restore" and (i + 1 == len(args) or args[i + 1] not in _RESTORED):
            after = args[i + 1] if i + 1 < len(args) else ""
            nearest = suggestion(after.lower(), _RESTORED, cutoff=0.7) if after.isalpha() else ""
            if nearest and not os.path.lexists(after):
                _refuse(f"--restore must be eyes or picture, got {after!r}: {nearest}")
            made.append("eyes")
    return made


class _ColorContext(typer.Context):
    @property
    def command_path(self) -> str:
        return self.parent.command_path if self.parent else ""


class Restoring(TyperCommand):
    """A verb with --restore, which may be given alone."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """--restore alone means --restore eyes."""
        return super().parse_args(ctx, args if ctx.resilient_parsing else _with_eyes(args))


class Color(Restoring):
    """The default verb: shown as the command itself, with the other verbs below its options."""

    context_class = _ColorContext

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse a file name that would be read as options: the shell's * gives -old.jpg as it is."""
        known = {name for param in self.get_params(ctx) for name in (*param.opts, *param.secondary_opts)}
        words = args[: args.index("--")] if "--" in args else args
        for word in [] if ctx.resilient_parsing else words:
            if word.startswith("-") and word != "-" and word not in known and os.path.lexists(word):
                _refuse(f"{word!r} is read as an option; give that file as ./{word}")
        return super().parse_args(ctx, args)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """The options of colouring, of completion, and the other verbs."""
        super().format_options(ctx, formatter)
        group = ctx.parent.command
        options = [record for p in group.get_params(ctx) if p.name != "help" and (record := p.get_help_record(ctx))]
        if options:
            with formatter.section("Shell completion"):
                formatter.write_dl(options)
        group.format_commands(ctx, formatter)
