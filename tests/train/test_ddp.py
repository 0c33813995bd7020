"""Two processes learn what one does on the same batches."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import tiny_training
import torch
from tiny_training import PlainMethod, draw_pictures, tiny_recipe

from photochrom.train.methods import load_method


@pytest.mark.slow
def test_two_processes_agree_with_one(tmp_path: Path) -> None:
    pictures = draw_pictures(tmp_path / "pictures", 24)
    run = [tiny_training.__file__, "plain", str(pictures)]
    # No batch norm, whose statistics each process has of its own on a CPU; no noise, which each draws by itself.
    settings = ["train.checkpoint_minutes=5"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    alone = subprocess.Popen([sys.executable, *run, str(tmp_path / "one"), *settings], env=environment)
    both = [sys.executable, *launcher, *run, str(tmp_path / "two"), *settings]
    done = subprocess.run(both, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert alone.wait(300) == 0
    one, two = (load_method(tmp_path / name / "checkpoints" / "last.ckpt", PlainMethod) for name in ("one", "two"))
    begun = PlainMethod(tiny_recipe())
    for name, value in one.state_dict().items():
        torch.testing.assert_close(two.state_dict()[name], value, rtol=1e-4, atol=1e-6)
        assert not torch.allclose(value, begun.state_dict()[name])
    tables = [(tmp_path / name / "metrics.csv").read_text().splitlines() for name in ("one", "two")]
    assert len(tables[0]) == len(tables[1]), "one process writes, for both"
