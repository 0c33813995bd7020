"""How a run goes, whatever it learns: where it ends, whether it goes on from before, on what, and who is told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """What the command hands on to a run in one piece.

    max_steps: batches, and max_minutes: minutes, after which it ends with a validation, if its epochs aren't over
    sooner. resume: go on from checkpoints/last.ckpt exactly where it was. device: auto, cpu, cuda or mps.
    quiet: nothing on stderr. keep_every: keep the weights of the first epoch and of every so manyth; 0: of the last and
    the best alone.
    """

    max_steps: int | None = None
    max_minutes: float | None = None
    resume: bool = False
    device: str = "auto"
    quiet: bool = False
    keep_every: int = 0


AS_THE_RECIPE_SAYS = RunOptions()
"""A run until the end of its epochs, on the best device, with a bar on stderr."""
