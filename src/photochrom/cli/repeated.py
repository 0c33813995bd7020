"""A command whose repeatable options also take several values at once: `--data a.tar b.tar` is `--data a.tar --data
b.tar`. For commands without arguments of their own; the shell's `--data *.tar` then does what one expects."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand


class SeveralValues(TyperCommand):
    """A command whose repeatable options take several values at once."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the option before each further value."""
        repeatable = {name for param in self.params if getattr(param, "multiple", False) for name in param.opts}
        made: list[str] = []
        option, values = "", 0  # the repeatable option we are behind, and how many values it has had
        for n, word in enumerate(args):
            if word == "--":
                made += args[n:]
                break
            if word.startswith("-") and word != "-":
                name, _, attached = word.partition("=")
                option, values = (name, int(bool(attached))) if name in repeatable else ("", 0)
            elif option:
                if values:
                    made.append(option)
                values += 1
            made.append(word)
        return super().parse_args(ctx, made)
