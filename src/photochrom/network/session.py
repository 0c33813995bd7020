"""The network behind onnxruntime: loading, checking, running. Nothing here knows about pictures."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import ModelError, UsageError
from photochrom.network.models import ModelInfo

if TYPE_CHECKING:
    import onnxruntime

Float = NDArray[np.float32]
METADATA_KEY = "photochrom"  # of the ONNX file's metadata: the JSON that Network reads
FORMAT = 1  # of that JSON
DEVICES = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "rocm": "ROCMExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
}
_AUTOMATIC = ("cuda", "coreml", "directml", "cpu")  # the first that this onnxruntime has


@dataclass(frozen=True)
class Network:
    """A loaded network: lightness (h,w) 0..100 in, colour logits or ab out. Safe to run from several threads.

    multiple: both sides of the input must be multiples of it.  stride: input pixels to a place of the output.
    centres: (Q,2) ab of the bins, for head "distribution", times the file's gain: the mean of plausible colours is
    paler than each of them.  temperature: of the annealed mean.
    scale: ab units to one unit of the output, for head "ab".  hints: whether it takes colours that a person gave.
    gain: what the centres were stretched by; hints are not stretched.
    """

    info: ModelInfo
    session: onnxruntime.InferenceSession
    multiple: int
    stride: int
    centres: Float
    temperature: float
    scale: float
    hints: bool = False
    gain: float = 1.0

    def run(self, lightness: Float, hints: Float | None = None) -> Float:
        """Lightness (h,w), float32, 0..100 -> the network's output (Q,h/stride,w/stride) or (2,...), float32.

        hints: (3,h,w), a and b in ab units, 0 where nothing is given, and a mask of 0 and 1 (Zhang et al., SIGGRAPH
        2017); without them the network is automatic. Raises ModelError, and UsageError for a network without hints.
        """
        if hints is not None and not self.hints:
            raise UsageError(f"model {self.info.name!r} takes no hints: choose one that does, or leave them out")
        inputs = {"lightness": lightness[None, None]}
        if self.hints:
            given = np.zeros((3, *lightness.shape), np.float32)
            if hints is not None:  # a given colour is what comes out: all that the network paints is stretched later
                given[:2], given[2] = hints[:2] / np.float32(self.gain), hints[2]
            inputs["hints"] = given[None]
        try:
            (out,) = self.session.run(None, inputs)
        except Exception as error:  # onnxruntime's own exceptions share no public base class
            height, width = lightness.shape
            raise ModelError(
                f"model {self.info.name!r} failed on a {width}x{height} input ({error}): try a smaller detail"
            ) from error
        return np.asarray(out[0], np.float32)


def open_network(info: ModelInfo, *, device: str = "auto", threads: int | None = None) -> Network:
    """Load and check a model file.

    device: "auto" or one of DEVICES. threads: of the CPU, None for one to a physical core.
    Raises ModelError (missing, tampered with, not a photochrom model) and UsageError (a device that isn't here).
    """
    try:
        data = info.file.read_bytes()
    except OSError as error:
        raise ModelError(f"the model file {info.file} can't be read ({error.strerror}): install it again") from error
    digest = hashlib.sha256(data).hexdigest()
    if info.sha256 and digest != info.sha256:
        raise ModelError(
            f"the model file {info.file} is not the one that was released "
            f"(SHA-256 {digest[:12]}..., expected {info.sha256[:12]}...): install photochrom again"
        )
    session = _session(data, info, device, threads)
    meta = _metadata(session, info)
    try:
        if meta["format"] != FORMAT:
            raise ModelError(
                f"the model {info.file} has metadata format {meta['format']}, this version reads {FORMAT}: upgrade"
            )
        head = meta["head"]
        gain = float(meta.get("gain", 1.0))
        described = dataclasses.replace(
            info,
            domain=meta["domain"],
            head=head,
            work_size=int(meta["work_size"]),
            recipe=meta["recipe"],
            licence=meta["licence"],
            sha256=digest,
            size_bytes=len(data),
        )
        return Network(
            described,
            session,
            multiple=int(meta["multiple"]),
            stride=int(meta["stride"]),
            centres=_centres(meta, gain) if head == "distribution" else np.empty((0, 2), np.float32),
            temperature=float(meta["temperature"]) if head == "distribution" else 1.0,
            scale=float(meta["scale"]) if head == "ab" else 1.0,
            hints=len(session.get_inputs()) == 2,
            gain=gain,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"the metadata of {info.file} is incomplete ({error}): export it again with photochrom"
        ) from error


def _centres(meta: dict[str, Any], gain: float) -> Float:
    return np.asarray(meta["centres"], np.float32).reshape(-1, 2) * np.float32(gain)


def _session(data: bytes, info: ModelInfo, device: str, threads: int | None) -> onnxruntime.InferenceSession:
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.log_severity_level = 3
    if threads is not None:
        if threads < 1:
            raise UsageError(f"threads must be 1 or more, got {threads}")
        options.intra_op_num_threads = threads
    try:
        return ort.InferenceSession(data, options, providers=_providers(device, ort.get_available_providers()))
    except UsageError:
        raise
    except Exception as error:  # as above: no public base class
        raise ModelError(
            f"{info.file} is not a usable ONNX model ({error}): export it again with photochrom"
        ) from error


def _providers(device: str, present: list[str]) -> list[str]:
    if device == "auto":
        device = next(name for name in _AUTOMATIC if DEVICES[name] in present)
    elif device not in DEVICES:
        raise UsageError(f"there is no device {device!r}: choose auto, {', '.join(DEVICES)}")
    elif DEVICES[device] not in present:
        here = ", ".join(name for name, provider in DEVICES.items() if provider in present)
        raise UsageError(f"device {device!r} is not available to this onnxruntime: choose auto, {here}")
    return list(dict.fromkeys((DEVICES[device], DEVICES["cpu"])))


def _metadata(session: onnxruntime.InferenceSession, info: ModelInfo) -> dict[str, Any]:
    text = session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
    names = [node.name for node in session.get_inputs()]
    if text is None or names not in (["lightness"], ["lightness", "hints"]) or len(session.get_outputs()) != 1:
        raise ModelError(f"{info.file} is not a photochrom model: it lacks our metadata; export it with photochrom")
    meta = json.loads(text)
    if not isinstance(meta, dict):
        raise ModelError(f"the metadata of {info.file} is not an object: export it again with photochrom")
    return meta
