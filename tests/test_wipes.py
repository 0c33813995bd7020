"""Uncompressed pictures that were wiped, cut or lengthened: any bytes are a picture, yet the damage shows."""

import io
import warnings

import numpy as np
import pytest
import tifffile
from PIL import Image
from skimage import data

from photochrom.codec.wipes import wiped_rows
from photochrom.photo import Photo

CAT = data.chelsea()[:200, :301]


def tiff(pixels: np.ndarray, **options: object) -> bytes:
    memory = io.BytesIO()
    tifffile.imwrite(memory, pixels, **options)  # type: ignore[arg-type]
    return memory.getvalue()


def saved(pixels: np.ndarray, kind: str) -> bytes:
    memory = io.BytesIO()
    Image.fromarray(pixels).save(memory, kind)
    return memory.getvalue()


KINDS = {
    "BMP": saved(CAT, "BMP"),
    "grey BMP": saved(CAT[..., 1], "BMP"),
    "PPM": saved(CAT, "PPM"),
    "PGM": saved(CAT[..., 1], "PPM"),
    "TIFF": tiff(CAT),
    "strips": tiff(CAT, rowsperstrip=16),
    "tiles": tiff(CAT, tile=(112, 112)),
    "16 bits": tiff(CAT[..., 1].astype(np.uint16) * 257),
    "planes": tiff(np.moveaxis(CAT, 2, 0), photometric="rgb", planarconfig="separate"),
}


def opened(coded: bytes) -> Photo:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Photo.open(coded)


def is_told(photo: Photo) -> bool:
    return any("may be damaged" in note for note in photo.notes)


@pytest.mark.parametrize("fill", [b"\0", b"\xff"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_wiped_part_of_an_uncompressed_picture_is_told(kind: str, fill: bytes) -> None:
    whole = KINDS[kind]
    assert not is_told(opened(whole))
    start = len(whole) * 3 // 7
    size = max(len(whole) // 8, 3 * 301 * 3)
    told = [is_told(opened(whole[: start + by] + fill * size + whole[start + by + size :])) for by in (0, 77, 411, 555)]
    assert sum(told) >= 3  # one may begin and end where the picture is black or white


@pytest.mark.parametrize("kind", ["BMP", "PPM", "TIFF", "16 bits"])
def test_an_end_of_zeros_is_told(kind: str) -> None:
    whole = KINDS[kind]
    share = 0.37 if kind == "BMP" else 0.63
    ends = [int(len(whole) * share) + by for by in (1, 100, 333)]
    assert sum(is_told(opened(whole[:kept] + bytes(len(whole) - kept))) for kept in ends) >= 2


@pytest.mark.parametrize(("kind", "row", "first"), [("grey BMP", 304, 52), ("PGM", 301, 142)])  # bytes of a row
def test_the_note_names_the_row_from_above(kind: str, row: int, first: int) -> None:
    whole = KINDS[kind]
    start = len(whole) - 60 * row + 150  # nine rows of those that are 60 rows before the file's end
    notes = opened(whole[:start] + bytes(9 * row) + whole[start + 9 * row :]).notes
    assert any(f"near row {first} of 200" in note for note in notes)


def test_black_and_white_things_are_no_wipes() -> None:
    page = np.full((120, 160, 3), 255, np.uint8)
    page[30:90, 40:120] = CAT[30:90, 40:120]
    letter = np.zeros((120, 160), np.uint8)
    letter[40:60, 20:90] = 200
    letter[59, 50:90] = 0
    band = CAT[:120, :160].copy()
    band[50:70] = 0
    bordered = np.pad(CAT[:120, :160, 0], 12)
    tilted = CAT[:120, :160].copy()
    for row in range(120):
        tilted[row, max(0, 300 - 4 * row) :] = 0
    for pixels in (page, letter, band, bordered, tilted, np.zeros((50, 50), np.uint8), CAT[:1], CAT[:, :3]):
        assert wiped_rows(pixels) is None
        assert wiped_rows(pixels[::-1]) is None


def test_a_tile_whose_filling_is_missing_is_told() -> None:
    whole = tiff(np.asarray(Image.fromarray(CAT).resize((260, 260))), tile=(64, 64))
    moved = whole[:90_000] + whole[92_000:]
    assert is_told(opened(moved)) and not is_told(opened(whole))


@pytest.mark.parametrize("kind", ["BMP", "PPM", "WEBP"])
def test_a_file_whose_line_ends_were_rewritten_is_told(kind: str) -> None:
    whole = saved(CAT, kind)
    head = 60  # bytes: without a changed header, which is refused
    longer = whole[:head] + whole[head:].replace(b"\n", b"\r\n")
    assert len(longer) > len(whole) + 4
    assert is_told(opened(longer))
    assert not is_told(opened(whole + b"\n"))
