"""The graph of a model file, read and given further outputs, without the package onnx.

An .onnx file is a protocol buffer: a run of fields, each a tag (its number, and how its value is written) before its
value. A message that comes twice in one is merged with the first, its lists joined
(https://protobuf.dev/programming-guides/encoding/#last-one-wins); so a graph gets another output by a few bytes at the
end of the file, and nothing else is touched. Field numbers are those of onnx.proto.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from photochrom.errors import ModelError

_GRAPH, _NODE, _OUTPUT = 7, 1, 12  # of ModelProto, and of GraphProto
_VARINT, _EIGHT_BYTES, _LENGTH, _FOUR_BYTES = 0, 1, 2, 5  # how a value is written


class Node(NamedTuple):
    """A step of the network. op: what it does, "Conv" say. inputs, outputs: names of what it takes and gives."""

    name: str
    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def nodes_of(model: bytes) -> list[Node]:
    """The nodes of an .onnx file, in the order in which they run. Raises ModelError for other bytes."""
    try:
        return [
            _node(value)
            for number, graph in _fields(memoryview(model))
            if number == _GRAPH and isinstance(graph, memoryview)
            for kind, value in _fields(graph)
            if kind == _NODE and isinstance(value, memoryview)
        ]
    except (IndexError, ValueError) as error:
        raise ModelError(f"the model's graph can't be read ({error}): export it again with photochrom") from error


def with_outputs(model: bytes, names: Iterable[str]) -> bytes:
    """The same .onnx file with what these nodes give as further outputs, in this order, after its own."""
    outputs = b"".join(_field(_OUTPUT, _field(1, name.encode())) for name in names)
    return model + _field(_GRAPH, outputs)


def _node(message: memoryview) -> Node:
    texts: dict[int, list[str]] = {1: [], 2: [], 3: [], 4: []}  # inputs, outputs, name, op
    for number, value in _fields(message):
        if number in texts and isinstance(value, memoryview):
            texts[number].append(bytes(value).decode())
    return Node("".join(texts[3]), "".join(texts[4]), tuple(texts[1]), tuple(texts[2]))


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview | int]]:
    """Numbers and values of a message's fields."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        kind = tag & 7
        value: memoryview | int
        if kind == _VARINT:
            value, at = _varint(message, at)
        elif kind in (_LENGTH, _EIGHT_BYTES, _FOUR_BYTES):
            size, at = _varint(message, at) if kind == _LENGTH else (8 if kind == _EIGHT_BYTES else 4, at)
            if at + size > len(message):
                raise ValueError("it is cut short")
            value, at = message[at : at + size], at + size
        else:
            raise ValueError(f"it has a field of the unknown kind {kind}")
        yield tag >> 3, value


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """A whole number, seven bits a byte, the lowest first; and the place behind it."""
    number = shift = 0
    while True:
        byte = message[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7


def _field(number: int, value: bytes) -> bytes:
    return _as_varint(number << 3 | _LENGTH) + _as_varint(len(value)) + value


def _as_varint(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])
