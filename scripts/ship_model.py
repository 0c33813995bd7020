"""Enter an exported model in the table of those that ship.

photochrom export runs/photo --half --licence Apache-2.0 -o photo.onnx
python scripts/ship_model.py photo.onnx --scores scores.json
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

from photochrom.network.models import find_model
from photochrom.network.session import open_network

WEIGHTS = Path(__file__).parents[1] / "src" / "photochrom" / "weights"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--name", help="in the table; the file's own without it")
    parser.add_argument("--scores", type=Path, help="JSON of the scores to enter")
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    args = parser.parse_args()
    name = args.name or args.model.stem
    network = open_network(find_model(str(args.model)), device="cpu")  # checks the file, reads its metadata
    info = network.info

    args.out.mkdir(parents=True, exist_ok=True)
    target, table = args.out / f"{name}.onnx", args.out / "models.json"
    if target.resolve() != args.model.resolve():
        shutil.copyfile(args.model, target)
    row = {"name": name, "file": target.name, "sha256": info.sha256, "size_bytes": info.size_bytes}
    shown = ("domain", "recipe", "licence", "inputs", "output", "multiple", "stride", "work_size")
    shown += ("temperature", "gain") if network.spec.output == "distribution" else ("scale",)
    row["spec"] = {key: getattr(network.spec, key) for key in shown}
    row["scores"] = json.loads(args.scores.read_text()) if args.scores else {}
    rows = json.loads(table.read_text()) if table.exists() else []
    places = [i for i, other in enumerate(rows) if other["name"] == name] or [len(rows)]
    rows[places[0] : places[0] + 1] = [row]
    table.write_text(json.dumps(rows, indent=2) + "\n")
    print(f"{target}: {info.size_bytes / 1e6:.1f} MB, SHA-256 {info.sha256}")


if __name__ == "__main__":
    main()
