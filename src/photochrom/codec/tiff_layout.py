"""How the pixels of a TIFF page lie in its file, checked before anything is decoded."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from photochrom.codec.tiff_tags import Tags
from photochrom.errors import PictureError

GREY_INVERTED, GREY, RGB, PALETTE, CMYK, YCBCR, LAB = 0, 1, 2, 3, 5, 6, 8
_COLORS = {GREY_INVERTED: 1, GREY: 1, RGB: 3, PALETTE: 1, CMYK: 4, YCBCR: 3, LAB: 3}
RAW, LZW, JPEG, DEFLATE, OLD_DEFLATE, PACKBITS, LZMA, ZSTD, WEBP = 1, 5, 7, 8, 32946, 32773, 34925, 50000, 50001
T6 = 4
FAX, OLD_JPEG = (2, 3, T6), 6
LIBTIFF_ONLY = (OLD_JPEG,)  # read by neither the standard library nor Pillow's own decoders
PICTURES = (JPEG, WEBP)  # whose strips and tiles are whole picture files
UINT, INT, FLOAT = 1, 2, 3
# Without one of these, once listed, pixels would be taken for something else. Byte counts can be done without.
NEEDED = frozenset((256, 257, 258, 259, 262, 266, 273, 277, 278, 284, 317, 320, 322, 323, 324, 332, 338, 339, 347))
_DEPTHS = {UINT: (*range(1, 17), 32, 64), INT: (8, 16, 32, 64), FLOAT: (16, 32, 64)}
_FACTORS = {RAW: 1, PACKBITS: 64, LZW: 4096, DEFLATE: 1040, OLD_DEFLATE: 1040}  # by how much each can shrink at most
_SMALL_BLOCK = 64 << 20  # bytes: tiles up to this size may reach far beyond the picture's edges

_WORTH_SALVAGE = 0.01  # share of the pixels: what holds less only claims its size


@dataclass(frozen=True)
class Layout:
    """One page. extras: what each sample beyond the colours is: 0 unspecified, 1 premultiplied alpha, 2 alpha.

    block: (width, height) of a strip or tile. offsets, counts: of each block's bytes, plane after plane.
    beyond: bytes that they are said to have behind the end of the file, of a tile's filling at least.
    """

    width: int
    height: int
    bits: int
    kind: int
    photometric: int
    samples: int
    extras: tuple[int, ...]
    planar: bool
    compression: int
    predictor: int
    block: tuple[int, int]
    offsets: tuple[int, ...]
    counts: tuple[int, ...]
    little: bool
    reversed_bits: bool
    fax_options: int = 0
    beyond: int = 0

    @property
    def colors(self) -> int:
        """Samples that are colour: 1 grey or palette, 3 or 4."""
        return self.samples - len(self.extras)

    @property
    def alpha(self) -> int | None:
        """Which sample is the alpha, if any says that it is."""
        return next((self.colors + i for i, kind in enumerate(self.extras) if kind in (1, 2)), None)

    @property
    def unnamed(self) -> int:
        """How many samples are neither colour nor alpha: further bands of a satellite's picture."""
        return len(self.extras) - (self.alpha is not None)

    @property
    def block_samples(self) -> int:
        """Samples of a pixel within one block."""
        return 1 if self.planar else self.samples

    @property
    def row_bytes(self) -> int:
        """Of one row of a block, unpacked."""
        return (self.block[0] * self.block_samples * self.bits + 7) // 8

    def pieces(self) -> list[tuple[int, int, int, int]]:
        """(top, left, height, width) of what lies on end in the file: each tile, or all of the strips."""
        w, h = self.block
        if w >= self.width:
            return [(0, 0, self.height, self.width)]
        return [(top, left, h, w) for top in range(0, self.height, h) for left in range(0, self.width, w)]

    def blocks(self) -> Iterator[tuple[int, int, int, int, int]]:
        """(plane, top, left, offset, count) of each strip or tile in the order of the file."""
        w, h = self.block
        i = 0
        for plane in range(self.samples if self.planar else 1):
            for top in range(0, self.height, h):
                for left in range(0, self.width, w):
                    yield plane, top, left, self.offsets[i], self.counts[i]
                    i += 1


def unsupported(name: str, what: str) -> PictureError:
    """The sentence for a valid file of a kind that isn't read."""
    return PictureError(
        f"can't read {name}: {what} is an unsupported kind of TIFF; save it as an 8- or 16-bit RGB TIFF"
    )


def read_layout(tags: Tags, *, little: bool, file_size: int, name: str, salvage: bool = False) -> Layout:
    """From the tags of a page (a mapping of numbers to values). salvage: what isn't in the file has no bytes.

    Raises PictureError for kinds that aren't read, and OSError where what the tags promise isn't in the file.
    """
    compression, photometric = _one(tags, 259, RAW), _one(tags, 262, GREY_INVERTED)
    samples, planar = _one(tags, 277, 1), _one(tags, 284, 1) == 2
    if photometric not in _COLORS:
        raise unsupported(name, f"a picture of colour space {photometric}")
    if compression not in (RAW, LZW, JPEG, DEFLATE, OLD_DEFLATE, PACKBITS, LZMA, ZSTD, WEBP, *FAX, *LIBTIFF_ONLY):
        raise unsupported(name, f"compression {compression}")
    if photometric == CMYK and _one(tags, 332, 1) != 1:
        raise unsupported(name, "a picture in inks other than CMYK")
    if samples < _COLORS[photometric]:
        raise OSError(f"{samples} samples a pixel are too few")
    depths, kinds = set(_all(tags, 258, (1,))[:samples]), set(_all(tags, 339, (UINT,))[:samples])
    if len(depths) != 1 or len(kinds) != 1:
        raise unsupported(name, "a picture whose samples differ in size")
    bits, kind = depths.pop(), kinds.pop()
    kind = UINT if kind == 4 else kind  # "undefined"
    if bits not in _DEPTHS.get(kind, ()):
        words = {UINT: "unsigned", INT: "signed", FLOAT: "float"}.get(kind, "complex")
        raise unsupported(name, f"a picture of {bits}-bit {words} samples")
    if compression in FAX and (bits, samples) != (1, 1):
        raise unsupported(name, f"a fax of {samples} {bits}-bit samples")
    if compression in FAX and _one(tags, 293 if compression == T6 else 292, 0) & 2:
        raise unsupported(name, "a fax in uncompressed mode")
    if photometric == PALETTE and (bits > 16 or kind != UINT):
        raise unsupported(name, f"a palette of {bits} bits")
    predictor = _one(tags, 317, 1) if compression in (LZW, DEFLATE, OLD_DEFLATE, LZMA, ZSTD) else 1
    if predictor not in (1, 2, 3) or (predictor == 2 and bits not in (8, 16, 32, 64)) or (predictor == 3 != kind):
        raise unsupported(name, f"predictor {predictor} with {bits}-bit samples")
    block, offsets, counts = _blocks(tags, samples if planar else 1, salvage)
    layout = Layout(
        width=_one(tags, 256, 0), height=_one(tags, 257, 0), bits=bits, kind=kind, photometric=photometric,
        samples=samples, extras=_extras(tags, samples - _COLORS[photometric]), planar=planar and samples > 1,
        compression=compression, predictor=predictor, block=block, offsets=offsets, counts=counts, little=little,
        reversed_bits=_one(tags, 266, 1) == 2,
        fax_options=_one(tags, 293 if compression == T6 else 292, 0),
    )  # fmt: skip
    return _checked(layout, file_size, salvage)


def _one(tags: Tags, tag: int, otherwise: int) -> int:
    values = _all(tags, tag, (otherwise,))
    return values[0]


def _all(tags: Tags, tag: int, otherwise: tuple[int, ...]) -> tuple[int, ...]:
    value = tags.get(tag, otherwise)
    values = tuple(v for v in (value if isinstance(value, tuple) else (value,)) if isinstance(v, int) and v >= 0)
    if not values or (isinstance(value, tuple) and len(values) < len(value)):
        raise OSError(f"its tag {tag} holds no number")
    return values


def _extras(tags: Tags, count: int) -> tuple[int, ...]:
    """A page that doesn't say what its one extra sample is means alpha, as all readers take it."""
    said = _all(tags, 338, (2,) if count == 1 else (0,))
    return (said + (0,) * count)[:count] if count else ()


def _blocks(tags: Tags, planes: int, salvage: bool) -> tuple[tuple[int, int], tuple[int, ...], tuple[int, ...]]:
    """Block size, then the offsets and the byte counts as they are listed."""
    width, height = _one(tags, 256, 0), _one(tags, 257, 0)
    if not width or not height:
        raise OSError("it has no pixels")
    if 322 in tags or 324 in tags:
        block, where, sizes = (_one(tags, 322, 0), _one(tags, 323, 0)), 324, 325
        if where not in tags:
            where, sizes = 273, 279
    else:
        block, where, sizes = (width, min(height, _one(tags, 278, height))), 273, 279
    if not min(block):
        raise OSError("its strips or tiles are empty")
    if where not in tags:
        raise OSError("it lists no strips or tiles")
    wanted = planes * -(-width // block[0]) * -(-height // block[1])
    offsets = _all(tags, where, ())
    counts = _all(tags, sizes, (0,)) if sizes in tags else (0,) * len(offsets)
    if salvage:
        offsets, counts = (offsets + (0,) * wanted)[:wanted], (counts + (0,) * wanted)[:wanted]
    elif len(offsets) < wanted or len(counts) < wanted:
        raise OSError(f"{wanted} strips or tiles are needed, {min(len(offsets), len(counts))} are there")
    return block, offsets[:wanted], counts[:wanted]


def _checked(layout: Layout, file_size: int, salvage: bool) -> Layout:
    """With byte counts that lie within the file. Raises OSError where rows can't be there, unless salvage."""
    offsets, width, height = layout.offsets, *layout.block
    row = layout.row_bytes
    planes = layout.samples if layout.planar else 1
    picture = planes * layout.height * ((layout.width * layout.block_samples * layout.bits + 7) // 8)
    held = (
        height if layout.compression in LIBTIFF_ONLY else min(height, layout.height)
    )  # rows that are unpacked at once
    if row * held > max(_SMALL_BLOCK, 4 * picture):
        raise OSError(f"a tile of {width} x {height} for a picture of {layout.width} x {layout.height}")
    if not salvage and (min(offsets) < 8 or max(offsets) >= file_size):
        raise OSError("strips or tiles are missing")
    if not salvage and len(set(offsets)) < len(offsets):
        raise OSError("several strips or tiles lie at one place")
    counts, needed, held_at_most, beyond = [], 0, 0, 0
    for _, top, _, offset, said in layout.blocks():
        need = row * min(height, layout.height - top)
        count = said or file_size
        if layout.compression == RAW and (not said or len(offsets) == 1):
            count = need  # left out, or wrong as some writers have it for a single strip
        beyond = max(beyond, offset + count - file_size if said else 0)
        count = max(0, min(count, file_size - offset)) if offset >= 8 else 0
        most = count * _FACTORS.get(layout.compression, 1 << 20)
        if most < need and not salvage:
            raise OSError("rows are missing")
        counts.append(min(need, count) if layout.compression == RAW else count)
        needed, held_at_most = needed + need, held_at_most + min(need, most)
    if sum(counts) > 2 * file_size + 65536:
        raise OSError("its strips or tiles lie on one another")
    if held_at_most < _WORTH_SALVAGE * needed:
        raise OSError("nearly all of its strips or tiles are missing")
    return replace(layout, counts=tuple(counts), beyond=beyond)
