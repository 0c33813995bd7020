"""Write the trained `photo` network as the .onnx that ships, check it against torch, and enter it in the table.

    python scripts/export_photo.py --encoder efficientnet-lite2-9656183e.pth --checkpoint runs/photo-b/last.pt \
        --temperature 0.6 --work-size 256 --out src/photochrom/weights

Weights are stored as float16 and widened when the model is loaded: half the file, float32 arithmetic.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnx import TensorProto, helper, numpy_helper

from photochrom.session import FORMAT, METADATA_KEY
from photochrom.train.networks import PhotoNet

PARITY = 1e-3  # largest difference of a probability between torch and onnxruntime
STRIDE, MULTIPLE = 4, 32


def half_weights(model: onnx.ModelProto) -> None:
    """Store every large float32 initialiser as float16 behind a Cast, which onnxruntime folds away when loading."""
    graph = model.graph
    for tensor in list(graph.initializer):
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < 256:
            continue
        name = tensor.name
        half = numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), name + "_half")
        graph.initializer.remove(tensor)
        graph.initializer.append(half)
        graph.node.insert(0, helper.make_node("Cast", [half.name], [name], to=TensorProto.FLOAT))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--temperature", type=float, required=True)
    parser.add_argument("--work-size", type=int, required=True)
    parser.add_argument("--scores", type=Path, help="the JSON of scores to enter in the table")
    parser.add_argument("--name", default="photo")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()

    saved = torch.load(args.checkpoint, weights_only=True)
    centres = saved["centres"]
    net = PhotoNet(len(centres)).eval()
    net.encoder.load_imagenet(args.encoder)
    if "encoder" in saved:  # fine-tuned
        net.encoder.load_state_dict(saved["encoder"])
    net.decoder.load_state_dict(saved["average"])

    buffer = io.BytesIO()
    axes = {"lightness": {0: "n", 2: "h", 3: "w"}, "logits": {0: "n", 2: "h4", 3: "w4"}}
    example = torch.rand(1, 1, 256, 320) * 100
    torch.onnx.export(
        net,
        (example,),
        buffer,
        input_names=["lightness"],
        output_names=["logits"],
        dynamic_axes=axes,
        opset_version=17,
        dynamo=False,
    )
    model = onnx.load_from_string(buffer.getvalue())
    half_weights(model)
    meta = {
        "format": FORMAT,
        "domain": "photo",
        "head": "distribution",
        "multiple": MULTIPLE,
        "stride": STRIDE,
        "work_size": args.work_size,
        "temperature": args.temperature,
        "centres": [[int(v) for v in row] for row in centres.tolist()],
        "recipe": "photo",
        "recipe_sha256": hashlib.sha256(b"".join(_recipe_files())).hexdigest(),
        "licence": "Apache-2.0",
    }
    model.metadata_props.add(key=METADATA_KEY, value=json.dumps(meta))
    onnx.checker.check_model(model)

    data = model.SerializeToString()
    session = ort.InferenceSession(data, providers=["CPUExecutionProvider"])
    worst = 0.0
    for size in ((256, 320), (160, 160), (64, 512)):
        x = torch.rand(1, 1, *size) * 100
        with torch.no_grad():
            ours = torch.softmax(net(x), dim=1).numpy()
        theirs = torch.softmax(torch.from_numpy(session.run(None, {"lightness": x.numpy()})[0]), dim=1).numpy()
        worst = max(worst, float(np.abs(ours - theirs).max()))
    print(f"largest difference of a probability, torch against onnxruntime: {worst:.2e}")
    if worst > PARITY:
        raise SystemExit(f"parity check failed: {worst:.2e} is over {PARITY:g}")

    args.out.mkdir(parents=True, exist_ok=True)
    target = args.out / f"{args.name}.onnx"
    target.write_bytes(data)
    table = args.out / "models.json"
    rows = [row for row in json.loads(table.read_text()) if row["name"] != args.name] if table.exists() else []
    rows.append(
        {
            "name": args.name,
            "file": target.name,
            "sha256": hashlib.sha256(data).hexdigest(),
            "size_bytes": len(data),
            **{key: meta[key] for key in ("domain", "head", "work_size", "recipe", "licence")},
            "scores": json.loads(args.scores.read_text()) if args.scores else {},
        }
    )
    table.write_text(json.dumps(rows, indent=2) + "\n")
    print(f"{target}: {len(data) / 1e6:.1f} MB")


def _recipe_files() -> list[bytes]:
    """What the training consists of, for the recipe's hash."""
    here = Path(__file__).parent
    ours = (here.parent / "src" / "photochrom" / "train").glob("*.py")
    scripts = (here / name for name in ("cache_features.py", "train_photo.py", "refine_photo.py"))
    return [path.read_bytes() for path in sorted([*ours, *scripts]) if path.exists()]


if __name__ == "__main__":
    main()
