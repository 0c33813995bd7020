"""The network behind onnxruntime: loading, checking, running. Nothing here knows about pictures."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from photochrom.color.lab import Float
from photochrom.errors import ModelError, UnusableModelError, UsageError
from photochrom.network.models import ModelInfo
from photochrom.network.spec import METADATA_KEY, NetworkSpec

if TYPE_CHECKING:
    import onnxruntime

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
    """A loaded network: a plane of lightness in, colour logits or ab out. Safe to run from several threads.

    info: the model it is. spec: what goes in and what comes out, as its file says.
    """

    info: ModelInfo
    spec: NetworkSpec
    session: onnxruntime.InferenceSession

    def run(self, lightness: Float, hints: Float | None = None) -> Float:
        """Lightness (or intensity) (h,w), float32, 0..100 -> the network's output (C,h/stride,w/stride), float32.

        Of a network that is given colour pictures: L*, a and b (3,h,w).
        hints: (3,h,w), a and b in ab units, 0 where nothing is given, and a mask of 0 and 1 (Zhang et al., SIGGRAPH
        2017); without them the network is automatic. Raises UsageError for a network without hints, and ModelError
        where it fails, or gives another shape than its file says, or numbers that are none.
        """
        spec = self.spec
        if hints is not None and not spec.hints:
            raise UsageError(f"model {self.info.name!r} takes no hints: choose one that does, or leave them out")
        height, width = lightness.shape[-2:]
        inputs = {spec.inputs[0]: lightness.reshape(1, -1, height, width)}
        if spec.hints:
            given = np.zeros((3, height, width), np.float32)
            if hints is not None:  # a given colour is what comes out: all that the network paints is stretched later
                given[:2], given[2] = hints[:2] / np.float32(spec.gain), hints[2]
            inputs["hints"] = given[None]
        try:
            (out,) = self.session.run(None, inputs)
        except Exception as error:  # onnxruntime's own exceptions share no public base class
            raise ModelError(
                f"model {self.info.name!r} failed on a {width}x{height} input ({error}): try a smaller detail"
            ) from error
        out = np.asarray(out, np.float32)
        channels = {"distribution": len(spec.centres), "ab": 2, "lab": 3}[spec.output]
        wanted = (1, channels, height // spec.stride, width // spec.stride)
        if out.shape != wanted:
            raise ModelError(
                f"model {self.info.name!r} gives {out.shape} for a {width}x{height} input where its metadata promises "
                f"{wanted}: export it again with photochrom"
            )
        if not np.isfinite(out).all():
            raise ModelError(f"model {self.info.name!r} gives numbers that are none (NaN): train or download it again")
        return np.asarray(out[0])


def open_network(info: ModelInfo, *, device: str = "auto", threads: int | None = None) -> Network:
    """Load and check a model file.

    device: "auto" or one of DEVICES. threads: of the CPU, None for one to a physical core.
    Raises ModelError (missing, tampered with, not a photochrom model; UnusableModelError if the user named it by its
    path) and UsageError (a device that isn't here).
    """
    try:
        data = info.file.read_bytes()
    except OSError as error:
        raise _fault(info)(f"the model file {info.file} can't be read ({error.strerror}): install it again") from error
    digest = hashlib.sha256(data).hexdigest()
    if info.sha256 and digest != info.sha256:
        raise ModelError(
            f"the model file {info.file} is not the one that was released "
            f"(SHA-256 {digest[:12]}..., expected {info.sha256[:12]}...): install photochrom again"
        )
    session = _session(data, info, device, threads)
    spec = _spec(session, info)
    return Network(dataclasses.replace(info, spec=spec, sha256=digest, size_bytes=len(data)), spec, session)


def _session(data: bytes, info: ModelInfo, device: str, threads: int | None) -> onnxruntime.InferenceSession:
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.log_severity_level = 3
    # Threads that wait spinning are 13 ms sooner on idle cores, and take half as much CPU again, from our own too.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if threads is not None:
        if threads < 1:
            raise UsageError(f"threads must be 1 or more, got {threads}")
        options.intra_op_num_threads = threads
    try:
        return ort.InferenceSession(data, options, providers=_providers(device, ort.get_available_providers()))
    except UsageError:
        raise
    except Exception as error:  # as above: no public base class
        what = "" if data else " (it is empty)"
        raise _fault(info)(
            f"{info.file} is not a usable ONNX model{what}: name one that photochrom export wrote"
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


def _spec(session: onnxruntime.InferenceSession, info: ModelInfo) -> NetworkSpec:
    text = session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
    if text is None or len(session.get_outputs()) != 1:
        raise _fault(info)(f"{info.file} is not a photochrom model: it lacks our metadata; export it with photochrom")
    try:
        return NetworkSpec.from_metadata(text, inputs=[node.name for node in session.get_inputs()])
    except ModelError as error:
        raise _fault(info)(f"{info.file} can't be used: {error}") from error


def _fault(info: ModelInfo) -> type[ModelError]:
    return ModelError if info.sha256 else UnusableModelError  # of one that ships the hash is known
