"""How `photochrom old.jpg` needs no verb: a group of verbs that takes everything else for pictures and options."""

from __future__ import annotations

import os
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

COLOR = "color files"  # the verb that is never typed; a space keeps it clear of file names
_GROUP_OPTIONS = ("--install-completion", "--show-completion")


class Group(TyperGroup):
    """Gives what begins with no verb to the verb that is never typed."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put that verb before a picture or an option of colouring."""
        completing_first_word = ctx.resilient_parsing and not args
        if not completing_first_word and not (
            args and (args[0] in self.commands or args[0].startswith(_GROUP_OPTIONS))
        ):
            args = [COLOR, *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """Verbs and, where one of them matches, the files beside them (the shell adds files to an empty answer)."""
        color = self.commands[COLOR]
        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete) + color.shell_complete(ctx, incomplete)
        verbs = [item for item in super().shell_complete(ctx, incomplete) if item.value != COLOR]
        if not verbs:
            return []
        files = sorted(name for name in os.listdir() if name.startswith(incomplete) and not name.startswith("."))
        return verbs + [type(verbs[0])(name) for name in files]


class _ColorContext(typer.Context):
    @property
    def command_path(self) -> str:
        return self.parent.command_path if self.parent else ""


class Color(TyperCommand):
    """The default verb: shown as the command itself, with the other verbs below its options."""

    context_class = _ColorContext

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """The options of colouring, of completion, and the other verbs."""
        super().format_options(ctx, formatter)
        group = ctx.parent.command
        options = [record for p in group.get_params(ctx) if p.name != "help" and (record := p.get_help_record(ctx))]
        if options:
            with formatter.section("Shell completion"):
                formatter.write_dl(options)
        group.format_commands(ctx, formatter)
