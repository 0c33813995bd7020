"""TIFF pages as Pillow reads them, with the layouts and the care that scans need on top."""

from contextlib import suppress

from PIL import ExifTags, Image, ImageFile, TiffImagePlugin

_BITS, _COMPRESSION, _PHOTOMETRIC, _SAMPLES, _EXTRA, _ORIENTATION = 258, 259, 262, 277, 338, 274


class ScanTiff(TiffImagePlugin.TiffImageFile):
    """A TIFF whose header is changed, before Pillow looks at it, to one that Pillow can read.

    - 16-bit MinIsWhite, which Pillow forgets to invert (or refuses): read as MinIsBlack, `inverted` says so.
    - 16-bit grey with alpha: read as four 8-bit samples, which are the very bytes; `grey_alpha_16` says so.
    - No decompression-bomb limit of Pillow's own (a global); the caller has looked at the size.
    - The orientation is left to the caller.
    """

    inverted = False
    grey_alpha_16 = False
    orientation: int = 1
    premultiplied = False

    def _setup(self) -> None:
        tags = self.tag_v2
        bits, white = tags.get(_BITS, (1,)), tags.get(_PHOTOMETRIC, 0) == 0
        self.orientation = int(tags.get(_ORIENTATION, 1)) if isinstance(tags.get(_ORIENTATION, 1), int) else 1
        self.inverted = white and bits in ((16,), (32,), (16, 16))
        self.grey_alpha_16 = bits == (16, 16) and tags.get(_PHOTOMETRIC, 0) in (0, 1)
        if self.inverted:
            tags[_PHOTOMETRIC] = 1
        if self.grey_alpha_16:
            extra = tags.get(_EXTRA, (0,))
            self.premultiplied = extra == (1,)
            tags[_BITS], tags[_PHOTOMETRIC], tags[_SAMPLES], tags[_EXTRA] = (8, 8, 8, 8), 2, 4, (2,)
        if _ORIENTATION in tags:
            del tags[_ORIENTATION]
        super()._setup()

    def _check_whole(self) -> None:
        """Pillow leaves rows black that no strip or tile is listed for."""
        if not self.use_load_libtiff:
            boxes = [tile[1] for tile in self.tile]
            area = sum((box[2] - box[0]) * (box[3] - box[1]) for box in boxes if box is not None)
            planes = len(self.getbands()) if self._planar_configuration == 2 else 1
            if area < self._tile_size[0] * self._tile_size[1] * planes:
                raise OSError("rows are missing")

    def load_prepare(self) -> None:
        """Pillow calls it before decoding."""
        self._check_whole()
        if self._im is None:
            self.im = Image.new(self.mode, self._tile_size, None).im
        ImageFile.ImageFile.load_prepare(self)

    def load_end(self) -> None:
        """Pillow calls it after decoding."""
        # Pillow would turn the picture here. The Exif directories must be read while the file is at hand.
        with suppress(Exception):  # damaged metadata must not cost us the picture
            exif = self.getexif()
            for pointer in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
                exif.get_ifd(pointer)


# DocumentName, ImageDescription, Make, Model, PageName, Software, DateTime, Artist, HostComputer, Rating, Copyright,
# XPTitle..XPSubject. Names and dates only: nothing that says how the pixels lie.
DESCRIPTIVE = (269, 270, 271, 272, 285, 305, 306, 315, 316, 18246, 33432, 40091, 40092, 40093, 40094, 40095)
