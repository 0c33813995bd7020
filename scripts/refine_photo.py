"""Train on: stages (b) and (c), perceptual and adversarial losses through the differentiable annealed mean.

    python scripts/refine_photo.py --cache /tmp/cache --start runs/photo-a/last.pt --out runs/photo-b --minutes 45 \
        --critic efficientnet-lite0-57934424.pth

The distribution loss stays on, so that the temperature, the variants and the confidence keep their meaning. Both
painted and real pictures have their chroma at a quarter of the resolution: the critic is to judge colours, not
sharpness, which the product's guided upsampling restores. Resumable like train_photo.py.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from photochrom.train.bins import annealed_mean, distribution_loss, rebalancing
from photochrom.train.cached import Cache
from photochrom.train.color import lab_to_rgb, rgb_to_lab
from photochrom.train.critic import Critic, perceptual_distance
from photochrom.train.loop import Average, rate, rows_of, save_whole
from photochrom.train.networks import Decoder


def painted(lightness: Tensor, ab: Tensor) -> Tensor:
    """sRGB of a lightness (N,1,H,W) and colours (N,2,H/4,W/4)."""
    large = F.interpolate(ab, size=lightness.shape[2:], mode="bilinear", align_corners=False)
    return lab_to_rgb(torch.cat([lightness, large], dim=1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--start", type=Path, required=True)
    parser.add_argument("--critic", required=True, help="the ImageNet weights of EfficientNet-lite0")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=45)
    parser.add_argument("--rate", type=float, default=2e-4)
    parser.add_argument("--critic-rate", type=float, default=4e-4)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--temperature", type=float, default=0.6)
    parser.add_argument("--distribution", type=float, default=2.0)
    parser.add_argument("--perceptual", type=float, default=1.0)
    parser.add_argument("--adversarial", type=float, default=0.5)
    parser.add_argument("--huber", type=float, default=0.3)
    parser.add_argument("--crop", type=int, default=128, help="side of what the critic looks at, of the 160 px")
    parser.add_argument("--max-steps", type=int, default=10**9)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    torch.set_num_threads(2)
    cache = Cache(args.cache)

    begun, last = torch.load(args.start, weights_only=True), args.out / "last.pt"
    centres = begun["centres"]
    weights = torch.from_numpy(rebalancing(begun["prior"].numpy()))
    decoder, critic = Decoder(len(centres)), Critic(args.critic)
    decoder.load_state_dict(begun["average"])
    optimiser = torch.optim.AdamW(decoder.parameters(), lr=args.rate, weight_decay=0.01, fused=True)
    judge = torch.optim.Adam(critic.heads.parameters(), lr=args.critic_rate, betas=(0.0, 0.99), fused=True)
    average = Average(decoder, 0.998)
    step, spent = 0, 0.0
    if last.exists():
        saved = torch.load(last, weights_only=True)
        decoder.load_state_dict(saved["decoder"])
        critic.load_state_dict(saved["critic"])
        optimiser.load_state_dict(saved["optimiser"])
        judge.load_state_dict(saved["judge"])
        average.state, step, spent = saved["average"], saved["step"], saved["spent"]

    def save() -> None:
        state = {"decoder": decoder.state_dict(), "critic": critic.state_dict(), "average": average.state}
        state |= {"optimiser": optimiser.state_dict(), "judge": judge.state_dict(), "step": step, "spent": spent}
        save_whole(state | {"centres": centres, "prior": begun["prior"]}, last)

    history: list[list[float]] = []
    mark = saved_at = time.time()
    while spent < args.minutes * 60 and step < args.max_steps:
        for group in optimiser.param_groups:
            group["lr"] = rate(spent / (args.minutes * 60), args.rate)
        rows = rows_of(step, args.batch, cache.count, seed=2)
        features, seen, ab = cache.batch(rows)
        lightness = rgb_to_lab(cache.rgb(rows))[:, :1]
        logits = decoder(features, seen)
        guess = annealed_mean(logits, centres, args.temperature)
        top, left = np.random.default_rng((3, step)).integers(0, (lightness.shape[-1] - args.crop) // 4 + 1, 2)
        coarse = np.s_[:, :, top : top + args.crop // 4, left : left + args.crop // 4]
        fine = np.s_[:, :, 4 * top : 4 * top + args.crop, 4 * left : 4 * left + args.crop]
        fake = critic.see(painted(lightness[fine], guess[coarse]))
        with torch.no_grad():
            real = critic.see(painted(lightness[fine], ab[coarse]))
        losses = {
            "distribution": args.distribution * distribution_loss(logits, ab, centres, weights),
            "perceptual": args.perceptual * perceptual_distance(fake, real),
            "adversarial": args.adversarial * critic.generator_loss(fake),
            "huber": args.huber * F.huber_loss(guess, ab, delta=10.0) / 10,
        }
        if step % 500 == 0:  # how hard each loss pulls at the colours, to choose the weights by
            pulls = {
                name: float(torch.autograd.grad(loss, logits, retain_graph=True)[0].norm())
                for name, loss in losses.items()
            }
            print("pull at the logits:", {name: f"{pull:.2e}" for name, pull in pulls.items()}, flush=True)
        optimiser.zero_grad()
        torch.stack(list(losses.values())).sum().backward()
        torch.nn.utils.clip_grad_norm_(decoder.parameters(), 1.0)
        optimiser.step()
        judging = critic.discriminator_loss(fake, real)
        judge.zero_grad()
        judging.backward()
        judge.step()
        step += 1
        average.update(decoder, step)
        history.append([*(loss.item() for loss in losses.values()), judging.item()])
        now = time.time()
        spent, mark = spent + now - mark, now
        if step % 25 == 0:
            means = dict(zip([*losses, "judge"], np.mean(history[-25:], axis=0), strict=True))
            shown = " ".join(f"{name} {value:.4f}" for name, value in means.items())
            each = 1000 * spent / step / args.batch
            print(f"step {step} {spent / 60:.1f} min {shown} {each:.1f} ms each", flush=True)
        if now - saved_at > 120:
            save()
            saved_at = now
    save()


if __name__ == "__main__":
    main()
