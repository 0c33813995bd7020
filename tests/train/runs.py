"""Folders of runs, made up for the tests of what reads them."""

import math
from pathlib import Path

import numpy as np


def write_run(run: Path, *, epochs: int = 4, steps: int = 30, gan: bool = True, better: float = 1.0) -> Path:
    """A folder with the metrics.csv of a run that went as runs go; `better` divides its errors."""
    rng = np.random.default_rng(0)
    train = ["loss", "pixel", *(["generator", "discriminator_real", "discriminator_fake"] if gan else [])]
    columns = ["epoch", "step", "lr-Adam", *(f"train/{n}_step" for n in train), *(f"train/{n}_epoch" for n in train)]
    columns += ["val/loss", "val/ab_error", "val/diversity", "val/diversity_truth", "val/ab_mse", "val/ab_mse_grey"]
    lines = [",".join(columns)]

    def line(epoch: int, step: int, **values: float) -> None:
        named = {"epoch": epoch, "step": step, **{k.replace("__", "/"): v for k, v in values.items()}}
        lines.append(",".join(str(named.get(c, "")) for c in columns))

    step = 0
    for epoch in range(epochs):
        for _ in range(steps):
            step += 1
            value = (math.exp(-step / 60) + 0.1 * rng.random() + 0.2) / better
            line(epoch, step, **{f"train__{n}_step": value * (i + 1) for i, n in enumerate(train)}, **{"lr-Adam": 2e-4})
        line(epoch, step, **{f"train__{n}_epoch": value * (i + 1) for i, n in enumerate(train)})
        val = {"loss": 1.2 / (epoch + 1) + 0.05 * epoch, "ab_error": 15 - epoch, "ab_mse": 0.015 - 0.001 * epoch}
        line(epoch, step, **{f"val__{n}": v / better for n, v in val.items()}, val__diversity=3.0 + epoch,
             val__diversity_truth=9.0, val__ab_mse_grey=0.016)  # fmt: skip
    run.mkdir(parents=True, exist_ok=True)
    (run / "metrics.csv").write_text("\n".join(lines) + "\n")
    return run
