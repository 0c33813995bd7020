"""Several values behind one option, so that the shell's `--data *.tar` does what one expects."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand


class SeveralValues(TyperCommand):
    """A command for which `--data a.tar b.tar` is `--data a.tar --data b.tar`, as for all its repeatable options.

    Its own arguments have to stand before its options.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the option before each further value."""
        repeatable = {name for param in self.params if getattr(param, "multiple", False) for name in param.opts}
        spelt_out: list[str] = []
        option, values = "", 0  # the repeatable option we are behind, and how many values it has had
        for n, word in enumerate(args):
            if word == "--":
                spelt_out += args[n:]
                break
            if word.startswith("-") and word != "-":
                name, _, attached = word.partition("=")
                option, values = (name, int(bool(attached))) if name in repeatable else ("", 0)
            elif option:
                if values:
                    spelt_out.append(option)
                values += 1
            spelt_out.append(word)
        return super().parse_args(ctx, spelt_out)
