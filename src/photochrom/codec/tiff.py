"""TIFF files as pictures with several pages: what their directories say. The pixels are left to tiff_pixels."""

import io

from PIL import Image, ImageFile, TiffImagePlugin

from photochrom.codec.exif import block_of, exif_block
from photochrom.codec.tiff_codecs import UprightTiff, silence_libtiff
from photochrom.codec.tiff_layout import LIBTIFF_ONLY, NEEDED, RAW, Layout, read_layout, unsupported
from photochrom.codec.tiff_tags import NODATA, Directory, Field, TiffTags, Value

_ORIENTATION, _PROFILE, _XMP, _X, _Y, _UNIT = 274, 34675, 700, 282, 283, 296


class ScanTiff(ImageFile.ImageFile):
    """A TIFF whose header is read: size, metadata, pages. Its pixels come from samples.read_samples.

    Pillow's own reader takes some layouts for others (colour maps of 0..255, planes apart, extra samples), knows few
    depths and warns about damage on stderr, as libtiff does. Only the JPEG of TIFF 5 goes through them.
    """

    format = "TIFF"
    format_description = "TIFF"
    tag_v2: dict[int, Value]
    orientation: int = 1
    _page: Directory

    def _open(self) -> None:
        """Pillow calls it."""
        assert self.fp is not None  # Pillow has put it there
        self.file = self.fp
        self.tags = TiffTags(self.file)
        self._at = [self.tags.first]
        self._known = {self.tags.first}
        self._show(0)
        self.is_animated = self._next(0) != 0

    def _show(self, frame: int) -> None:
        page = self.tags.directory(self._at[frame])
        self._frame, self._page, self.tag_v2 = frame, page, page.values
        if page.next and frame + 1 == len(self._at) and page.next not in self._known:
            self._at.append(page.next)
            self._known.add(page.next)
        tags = self.tag_v2
        turned = tags.get(_ORIENTATION, 1)
        self.orientation = turned if isinstance(turned, int) else 1
        width, height = tags.get(256), tags.get(257)
        if not isinstance(width, int) or not isinstance(height, int):
            raise OSError("its size is missing")
        self._size, self._mode, self.tile = (width, height), "L", []
        self.info = {"compression": "raw" if tags.get(259, RAW) == RAW else "packed"}
        x, y, inch = tags.get(_X), tags.get(_Y), {2: 1.0, 3: 2.54}.get(_int(tags.get(_UNIT, 2)))
        if inch and isinstance(x, (int, float, TiffImagePlugin.IFDRational)) and isinstance(y, type(x)):
            self.info["dpi"] = (float(x) * inch, float(y) * inch)
        for tag, name in ((_PROFILE, "icc_profile"), (_XMP, "xmp")):
            if isinstance(tags.get(tag), bytes):
                self.info[name] = tags[tag]

    def _next(self, frame: int) -> int:
        return self._at[frame + 1] if frame + 1 < len(self._at) else 0

    def tell(self) -> int:
        """Which page is shown, from 0."""
        return self._frame

    def seek(self, frame: int) -> None:
        """Show another page. Raises EOFError if there is none of that number."""
        while frame >= len(self._at):
            known = len(self._at)
            self._show(known - 1)
            if len(self._at) == known:
                raise EOFError("there is no such page")
        self._show(frame)

    @property
    def n_frames(self) -> int:
        """How many pages there are."""
        here = self._frame
        try:
            while True:
                self.seek(len(self._at))
        except (EOFError, OSError):
            count = len(self._at)
        self._show(here)
        return count

    def exif(self) -> bytes:
        """What the page says of itself beside its pixels, as an EXIF block; b"" if nothing."""
        block = block_of(self.tags, self._page)
        return exif_block({tag: field for tag, field in block.main.items() if tag in DESCRIPTIVE}, block.details)

    def geo(self) -> dict[int, Field]:
        """The tags that lay the page on the map; {} if it is no GeoTIFF."""
        return {tag: self._page.fields[tag] for tag in GEO if tag in self._page.fields}

    def layout(self, name: str, *, salvage: bool = False) -> Layout:
        """How the pixels lie. Raises PictureError for kinds that aren't read, OSError for what isn't there.

        salvage: strips and tiles that aren't in the file are given a length of 0.
        """
        if lost := sorted(NEEDED & (self._page.listed - set(self.tag_v2))):
            raise OSError(f"its tag {lost[0]} is missing")
        return read_layout(self.tag_v2, little=self.tags.little, file_size=self.tags.size, name=name, salvage=salvage)

    def pillow_image(self, name: str) -> Image.Image | None:
        """The page as Pillow and libtiff decode it, for compressions that only they know; None for others."""
        if self.tag_v2.get(259, RAW) not in LIBTIFF_ONLY:
            return None
        self.layout(name)
        silence_libtiff()
        self.file.seek(0)
        try:
            image = UprightTiff(io.BytesIO(self.file.read()))
        except SyntaxError as error:
            raise unsupported(name, f"a JPEG of TIFF 5 with {error}") from error
        image.seek(self.tell())
        image.load()
        return image


def _int(value: Value) -> int:
    return value if isinstance(value, int) else 0


# ModelPixelScale, ModelTiepoint, ModelTransformation, GeoKeyDirectory, GeoDoubleParams, GeoAsciiParams (OGC GeoTIFF
# 1.1), and GDAL's metadata and value of what isn't measured.
GEO = (33550, 33922, 34264, 34735, 34736, 34737, 42112, NODATA)
# DocumentName, ImageDescription, Make, Model, PageName, Software, DateTime, Artist, HostComputer, Rating, Copyright,
# XPTitle..XPSubject. Names and dates only: nothing that says how the pixels lie.
DESCRIPTIVE = (269, 270, 271, 272, 285, 305, 306, 315, 316, 18246, 33432, 40091, 40092, 40093, 40094, 40095)
