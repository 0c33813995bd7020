"""Train the `photo` network's decoder on cached encoder features: stage (a), the distribution loss.

    export MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000   # halves the time of a step on Linux
    python scripts/train_photo.py --cache /tmp/cache --out runs/photo-a --minutes 40

The learning rate follows the clock (warm-up, then a cosine to zero at --minutes), so that any machine finishes on
time. Checkpoints every two minutes; the same command again goes on from the last one.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from photochrom.train.bins import bins_of, distribution_loss, rebalancing
from photochrom.train.cached import Cache
from photochrom.train.loop import Average, rate, rows_of, save_whole
from photochrom.train.networks import Decoder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--start", type=Path, help="a checkpoint whose averaged decoder to begin with")
    parser.add_argument("--max-steps", type=int, default=10**9)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    torch.set_num_threads(2)
    cache = Cache(args.cache)

    sample = np.random.default_rng(0).choice(cache.count, min(6000, cache.count), replace=False)
    centres, prior = bins_of(cache.take("ab", sample).permute(0, 2, 3, 1).reshape(-1, 2).numpy(), least=2e-5)
    weights = torch.from_numpy(rebalancing(prior))
    points = torch.from_numpy(centres)
    decoder = Decoder(len(centres))
    if args.start:
        decoder.load_state_dict(torch.load(args.start, weights_only=True)["average"])
    optimiser = torch.optim.AdamW(decoder.parameters(), lr=args.rate, weight_decay=0.01, fused=True)
    average = Average(decoder, 0.999)
    step, spent, last = 0, 0.0, args.out / "last.pt"
    if last.exists():
        saved = torch.load(last, weights_only=True)
        decoder.load_state_dict(saved["decoder"])
        optimiser.load_state_dict(saved["optimiser"])
        average.state, step, spent = saved["average"], saved["step"], saved["spent"]
    print(f"{len(centres)} bins, {sum(p.numel() for p in decoder.parameters()) / 1e6:.2f} M parameters", flush=True)

    def save() -> None:
        state = {"decoder": decoder.state_dict(), "optimiser": optimiser.state_dict(), "average": average.state}
        state |= {"step": step, "spent": spent, "centres": points, "prior": torch.from_numpy(prior)}
        save_whole(state, last)

    losses: list[float] = []
    mark = saved_at = time.time()
    while spent < args.minutes * 60 and step < args.max_steps:
        for group in optimiser.param_groups:
            group["lr"] = rate(spent / (args.minutes * 60), args.rate)
        features, lightness, ab = cache.batch(rows_of(step, args.batch, cache.count, seed=1))
        loss = distribution_loss(decoder(features, lightness), ab, points, weights)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(decoder.parameters(), 1.0)
        optimiser.step()
        step += 1
        average.update(decoder, step)
        losses.append(loss.item())
        now = time.time()
        spent, mark = spent + now - mark, now
        if step % 50 == 0:
            each = 1000 * spent / step / args.batch
            print(f"step {step} {spent / 60:.1f} min loss {np.mean(losses[-50:]):.4f} {each:.1f} ms each", flush=True)
        if now - saved_at > 120:
            save()
            saved_at = now
    save()


if __name__ == "__main__":
    main()
