"""Picture files written by hand, so that the reader is tested against the formats and not against our writer."""

import io
import struct
import tarfile
import zlib
from pathlib import Path

import numpy as np


def png(
    array: np.ndarray,
    *,
    colour_type: int,
    bits: int,
    interlaced: bool = False,
    chunks: list[tuple[bytes, bytes]] | None = None,
) -> bytes:
    """array (H,W) or (H,W,C) of samples 0..2**bits-1."""
    height, width = array.shape[:2]
    passes = (
        [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
        if interlaced
        else [(0, 0, 1, 1)]
    )
    rows = b""
    for y, x, dy, dx in passes:
        part = array[y::dy, x::dx]
        if part.size:
            rows += b"".join(b"\0" + packed(row, bits) for row in part)
    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, int(interlaced))
    out = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header)
    for name, data in chunks or []:
        out += _chunk(name, data)
    return out + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def packed(row: np.ndarray, bits: int) -> bytes:
    flat = row.reshape(-1)
    if bits == 16:
        return flat.astype(">u2").tobytes()
    planes = (flat[:, None].astype(int) >> np.arange(bits - 1, -1, -1)) & 1
    return np.packbits(planes.astype(np.uint8).reshape(-1)).tobytes()


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def lzw(data: bytes) -> bytes:
    """TIFF's LZW with literals only: a clear code often enough that codes stay 9 bits wide."""
    codes = []
    for i, byte in enumerate(data):
        if i % 200 == 0:
            codes.append(256)
        codes.append(byte)
    bits = (np.array([*codes, 257])[:, None] >> np.arange(8, -1, -1)) & 1
    return np.packbits(bits.astype(np.uint8).reshape(-1)).tobytes()


def packbits(data: bytes) -> bytes:
    """Runs where three bytes or more are alike, literals elsewhere."""
    out, i = b"", 0
    while i < len(data):
        run = 1
        while run < 128 and data[i : i + 1] * (run + 1) == data[i : i + run + 1]:
            run += 1
        if run > 2:
            out += bytes([257 - run, data[i]])
        else:
            run = min(128, len(data) - i) if run == 1 else run
            run = next((k for k in range(1, run) if len({*data[i + k : i + k + 3]}) == 1), run)
            out += bytes([run - 1]) + data[i : i + run]
        i += run
    return out


PACK = {1: bytes, 5: lzw, 8: zlib.compress, 32773: packbits, 32946: zlib.compress}


def tiff(
    array: np.ndarray,
    *,
    big_endian: bool = False,
    compression: int = 1,
    predictor: bool = False,
    photometric: int | None = None,
    extra: tuple[int, ...] = (),
    planar: bool = False,
    tile: int = 0,
    pages: int = 1,
    rows_per_strip: int = 7,
    bits: int | None = None,
    more: dict[int, tuple[int, int, bytes]] | None = None,
) -> bytes:
    """array (H,W) or (H,W,C); its dtype gives sample format and bits, else so many are packed."""
    end = ">" if big_endian else "<"
    samples = array.reshape(*array.shape[:2], -1)
    height, width, count = samples.shape
    size = bits or 8 * array.dtype.itemsize
    if photometric is None:
        photometric = 2 if count >= 3 else 1
    planes = [samples[..., i : i + 1] for i in range(count)] if planar else [samples]
    blocks = []
    for plane in planes:
        if tile:
            padded = np.zeros((-(-height // tile) * tile, -(-width // tile) * tile, plane.shape[2]), plane.dtype)
            padded[:height, :width] = plane
            tops, lefts = range(0, height, tile), range(0, width, tile)
            blocks += [padded[y : y + tile, x : x + tile] for y in tops for x in lefts]
        else:
            blocks += [plane[y : y + rows_per_strip] for y in range(0, height, rows_per_strip)]
    out = (b"MM\0\x2a" if big_endian else b"II\x2a\0") + bytes(4)
    offsets, lengths = [], []
    for block in blocks:
        if bits and bits != 8 * array.dtype.itemsize:
            raw = b"".join(packed(row, bits) for row in block)
        else:
            if predictor:
                block = np.concatenate([block[:, :1], block[:, 1:] - block[:, :-1]], axis=1)
            raw = block.astype(block.dtype.newbyteorder(end)).tobytes()
        data = PACK[compression](raw)
        offsets.append(len(out))
        lengths.append(len(data))
        out += data + b"\0" * (len(data) % 2)

    def shorts(*v: int) -> tuple[int, int, bytes]:
        return 3, len(v), struct.pack(f"{end}{len(v)}H", *v)

    def longs(*v: int) -> tuple[int, int, bytes]:
        return 4, len(v), struct.pack(f"{end}{len(v)}I", *v)

    tags = {
        256: longs(width),
        257: longs(height),
        258: shorts(*[size] * count),
        259: shorts(compression),
        262: shorts(photometric),
        277: shorts(count),
        284: shorts(2 if planar else 1),
        339: shorts(*[{"u": 1, "b": 1, "i": 2, "f": 3}[array.dtype.kind]] * count),
    }
    if tile:
        tags |= {322: longs(tile), 323: longs(tile), 324: longs(*offsets), 325: longs(*lengths)}
    else:
        tags |= {273: longs(*offsets), 278: longs(rows_per_strip), 279: longs(*lengths)}
    if predictor:
        tags[317] = shorts(2)
    if extra:
        tags[338] = shorts(*extra)
    tags |= more or {}
    pointer = 4
    for _ in range(pages):
        at = len(out)
        out = out[:pointer] + struct.pack(end + "I", at) + out[pointer + 4 :]
        beyond = at + 2 + 12 * len(tags) + 4
        directory, values = struct.pack(end + "H", len(tags)), b""
        for tag in sorted(tags):
            kind, n, data = tags[tag]
            where = data.ljust(4, b"\0") if len(data) <= 4 else struct.pack(end + "I", beyond + len(values))
            values += b"" if len(data) <= 4 else data + b"\0" * (len(data) % 2)
            directory += struct.pack(end + "HHI", tag, kind, n) + where
        pointer = at + len(directory)
        out += directory + bytes(4) + values
    return out


def profile(
    space: bytes,
    *,
    gamma: float = 2.2,
    columns: tuple[tuple[float, float, float], ...] = (),
    pcs: bytes = b"XYZ ",
) -> bytes:
    """A small ICC v2 profile with one gamma: grey, or RGB with a matrix whose columns are XYZ under D50."""
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)

    def xyz(values: tuple[float, ...]) -> bytes:
        return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(v * 65536) for v in values))

    text = b"desc" + bytes(4) + struct.pack(">I", 5) + b"test\0" + bytes(78)
    tags = {b"desc": text, b"cprt": b"text" + bytes(4) + b"none\0\0\0\0", b"wtpt": xyz((0.9642, 1.0, 0.8249))}
    if space == b"GRAY":
        tags[b"kTRC"] = curve
    else:
        tags |= {b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
        tags |= dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), map(xyz, columns), strict=True))
    return _profile(space, pcs, tags)


def table_profile(space: bytes, corners: dict[tuple[int, ...], tuple[float, float, float]]) -> bytes:
    """A profile with an 8-bit table of two nodes a channel: device corners (0 or 1 each) -> Lab; black if not given."""
    channels = {b"RGB ": 3, b"CMYK": 4}[space]
    identity = bytes(range(256))
    nodes = b""
    for corner in np.ndindex(*[2] * channels):
        lightness, a, b = corners.get(tuple(corner), (0.0, 0.0, 0.0))
        nodes += bytes([round(lightness * 2.55), round(a + 128), round(b + 128)])
    matrix = struct.pack(">9i", *(65536 * (i % 4 == 0) for i in range(9)))
    table = b"mft1" + bytes(4) + bytes([channels, 3, 2, 0]) + matrix + identity * channels + nodes + identity * 3
    text = b"desc" + bytes(4) + struct.pack(">I", 5) + b"test\0" + bytes(78)
    return _profile(space, b"Lab ", {b"desc": text, b"cprt": b"text" + bytes(4) + b"none\0\0\0\0", b"A2B0": table})


def _profile(space: bytes, pcs: bytes, tags: dict[bytes, bytes]) -> bytes:
    table, body, start = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        data += b"\0" * (-len(data) % 4)
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data
    size = start + len(body)
    head = struct.pack(">I4sI4s4s4s", size, b"none", 0x02400000, b"mntr", space, pcs)
    head += struct.pack(">6H", 2024, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    head += struct.pack(">3i", round(0.9642 * 65536), 65536, round(0.8249 * 65536)) + bytes(48)
    return head + table + body


ADOBE_RGB = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
PROPHOTO = ((0.79767, 0.28804, 0.0), (0.13519, 0.71187, 0.0), (0.03135, 0.00009, 0.82491))


def write_shard(path: Path, members: dict[str, bytes]) -> Path:
    """A tar of files with this content, in this order."""
    with tarfile.open(path, "w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path
