"""How `photochrom serve` holds under load: many clients at once, for a while, on loopback.

    python scripts/load_test.py --clients 32 --seconds 120 samples/cat.jpg

Starts a server of its own, asks it from as many clients, and prints pictures/s beside the Python API's in this very
run, the times that clients waited, what was refused and how, and the server's memory at rest and at its peak.
"""

import argparse
import asyncio
import re
import statistics
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil

import photochrom


def python_rate(pictures: list[bytes], model: str, workers: int, seconds: float) -> float:
    """Pictures a second that the Python API does with as many threads."""
    colorizer = photochrom.load_model(model)
    end, done = time.monotonic() + seconds, 0
    start = time.monotonic()
    with ThreadPoolExecutor(workers) as pool:
        while time.monotonic() < end:
            done += len(list(pool.map(colorizer.colorize, pictures * workers)))
    return done / (time.monotonic() - start)


async def client(place: str, pictures: list[bytes], end: float, seen: Counter, waited: list[float]) -> None:
    async with httpx.AsyncClient(timeout=120) as session:
        number = 0
        while time.monotonic() < end:
            start = time.monotonic()
            answer = await session.post(f"{place}api/v1/colorize", content=pictures[number % len(pictures)])
            seen[answer.status_code] += 1
            if answer.status_code == 200:
                waited.append(time.monotonic() - start)
                number += 1
            else:
                await asyncio.sleep(float(answer.headers.get("retry-after", 1)))


async def ask(place: str, process: psutil.Process, pictures: list[bytes], options: argparse.Namespace) -> None:
    seen: Counter = Counter()
    waited: list[float] = []
    await client(place, pictures, time.monotonic() + 2, Counter(), [])
    rest = peak = process.memory_info().rss
    end = time.monotonic() + options.seconds
    tasks = [asyncio.create_task(client(place, pictures, end, seen, waited)) for _ in range(options.clients)]
    start = time.monotonic()
    while not all(task.done() for task in tasks):
        await asyncio.sleep(0.1)
        peak = max(peak, process.memory_info().rss)
    took = time.monotonic() - start
    await asyncio.gather(*tasks)
    rate = seen[200] / took
    print(f"server: {rate:.2f} pictures/s; answers {dict(seen)}; {options.clients} clients, {took:.0f} s")
    quantiles = statistics.quantiles(waited, n=20)
    print(f"waited: median {statistics.median(waited):.2f} s, 95 % {quantiles[-1]:.2f} s, longest {max(waited):.2f} s")
    print(f"memory: {rest / 1e6:.0f} MB after the first pictures, {peak / 1e6:.0f} MB at most")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", nargs="+", type=Path)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--model", default="photo")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    pictures = [path.read_bytes() for path in options.pictures]
    alone = python_rate(pictures, options.model, options.workers, options.seconds / 4)
    print(f"python: {alone:.2f} pictures/s, {options.workers} threads")
    command = [sys.executable, "-m", "photochrom", "serve", "--port", "0", "--model", options.model]
    command += ["--workers", str(options.workers)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    place = re.search(r"http://\S+/", server.stdout.readline())[0]
    while True:
        try:
            httpx.get(f"{place}healthz")
            break
        except httpx.TransportError:
            time.sleep(0.1)
    try:
        asyncio.run(ask(place, psutil.Process(server.pid), pictures, options))
    finally:
        server.terminate()
        start = time.monotonic()
        server.wait()
        print(f"ended {time.monotonic() - start:.1f} s after SIGTERM")


if __name__ == "__main__":
    main()
