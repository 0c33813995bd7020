"""Photo.open: every layout of every format gives the right samples."""

import io
import struct
import warnings

import numpy as np
import pytest
from PIL import Image, ImageCms

from photochrom.errors import PictureWarning
from photochrom.photo import Photo

from .picture_files import ADOBE_RGB, PROPHOTO, png, profile, table_profile, tiff

H, W = 19, 23


def samples(*shape: int, bits: int = 16, seed: int = 0) -> np.ndarray:
    values = np.random.default_rng(seed).integers(0, 1 << bits, shape)
    return values.astype(np.uint16 if bits == 16 else np.uint8)


def encoded(image: Image.Image, format: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **options)  # type: ignore[arg-type]
    return out.getvalue()


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize(("colour_type", "channels"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_png_16_bits_exactly(colour_type: int, channels: int, interlaced: bool) -> None:
    given = samples(H, W, channels)
    photo = Photo.open(png(given, colour_type=colour_type, bits=16, interlaced=interlaced))
    assert photo.pixels.dtype == np.uint16
    colour = given[..., :3] if channels >= 3 else given[..., 0]
    np.testing.assert_array_equal(photo.pixels, colour)
    if channels in (2, 4):
        np.testing.assert_array_equal(photo.alpha, given[..., -1])
    else:
        assert photo.alpha is None


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_png_few_bits_are_spread_over_the_range(bits: int) -> None:
    given = samples(H, W, bits=bits)
    photo = Photo.open(png(given, colour_type=0, bits=bits))
    np.testing.assert_array_equal(photo.pixels, given * (255 // ((1 << bits) - 1)))


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_png_transparent_grey(bits: int) -> None:
    given = samples(H, W, bits=bits)
    key = int(given[3, 5])
    photo = Photo.open(png(given, colour_type=0, bits=bits, chunks=[(b"tRNS", struct.pack(">H", key))]))
    assert photo.alpha is not None
    np.testing.assert_array_equal(photo.alpha == 0, given == key)
    assert photo.alpha.dtype == photo.pixels.dtype


@pytest.mark.parametrize("bits", [8, 16])
def test_png_transparent_colour(bits: int) -> None:
    given = samples(H, W, 3, bits=bits)
    key = given[3, 5]
    photo = Photo.open(png(given, colour_type=2, bits=bits, chunks=[(b"tRNS", key.astype(">u2").tobytes())]))
    assert photo.alpha is not None
    np.testing.assert_array_equal(photo.alpha == 0, (given == key).all(axis=-1))


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_png_palette_with_alpha(bits: int) -> None:
    given = samples(H, W, bits=bits)
    colours = samples(1 << bits, 3, bits=8, seed=1)
    opacity = samples(1 << bits, bits=8, seed=2)[: (1 << bits) // 2 + 1]
    chunks = [(b"PLTE", colours.tobytes()), (b"tRNS", opacity.tobytes())]
    photo = Photo.open(png(given, colour_type=3, bits=bits, chunks=chunks))
    np.testing.assert_array_equal(photo.pixels, colours[given])
    np.testing.assert_array_equal(photo.alpha, np.append(opacity, [255] * 256)[given])


def test_grey_palette_gives_grey() -> None:
    given = samples(H, W, bits=8)
    ramp = np.repeat(np.arange(255, -1, -1, dtype=np.uint8), 3)
    photo = Photo.open(png(given, colour_type=3, bits=8, chunks=[(b"PLTE", ramp.tobytes())]))
    np.testing.assert_array_equal(photo.pixels, 255 - given)
    assert photo.alpha is None


@pytest.mark.parametrize("tile", [0, 16])
@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize(("compression", "predictor"), [(1, False), (5, False), (5, True), (8, False), (8, True)])
@pytest.mark.parametrize(("channels", "extra"), [(1, ()), (3, ()), (4, (2,)), (4, (0,)), (2, (2,))])
def test_tiff_16_bits_exactly(
    channels: int, extra: tuple[int, ...], compression: int, predictor: bool, big_endian: bool, tile: int
) -> None:
    given = samples(H, W, channels)
    data = tiff(given, compression=compression, predictor=predictor, big_endian=big_endian, extra=extra, tile=tile)
    photo = Photo.open(data)
    colour = given[..., :3] if channels >= 3 else given[..., 0]
    np.testing.assert_array_equal(photo.pixels, colour)
    assert photo.pixels.dtype == np.uint16
    if extra == (2,):
        np.testing.assert_array_equal(photo.alpha, given[..., -1])
    else:
        assert photo.alpha is None


@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize("channels", [3, 4])
def test_tiff_16_bit_planes(channels: int, big_endian: bool) -> None:
    given = samples(H, W, channels)
    photo = Photo.open(tiff(given, planar=True, big_endian=big_endian, extra=(2,) if channels == 4 else ()))
    np.testing.assert_array_equal(photo.pixels, given[..., :3])


def test_tiff_16_bit_compressed_planes() -> None:
    given = samples(H, W, 3)
    np.testing.assert_array_equal(Photo.open(tiff(given, planar=True, compression=8)).pixels, given)


@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize("compression", [1, 5])
@pytest.mark.parametrize("channels", [1, 2])
def test_tiff_min_is_white(channels: int, compression: int, big_endian: bool) -> None:
    given = samples(H, W, channels)
    extra = (2,) if channels == 2 else ()
    data = tiff(given, photometric=0, compression=compression, big_endian=big_endian, extra=extra)
    np.testing.assert_array_equal(Photo.open(data).pixels, 65535 - given[..., 0])


@pytest.mark.parametrize("compression", [1, 5])
@pytest.mark.parametrize("photometric", [0, 1])
def test_tiff_8_bits_and_1_bit(photometric: int, compression: int) -> None:
    given = samples(H, W, bits=8)
    photo = Photo.open(tiff(given, photometric=photometric, compression=compression))
    np.testing.assert_array_equal(photo.pixels, 255 - given if photometric == 0 else given)
    bits = samples(H, W, bits=1)
    photo = Photo.open(tiff(bits, photometric=photometric, compression=compression, bits=1))
    np.testing.assert_array_equal(photo.pixels, 255 * (1 - bits if photometric == 0 else bits))


def test_tiff_premultiplied_16_bits() -> None:
    alpha = samples(H, W, 1) | np.uint16(1 << 15)
    colour = samples(H, W, 3, seed=1)
    given = np.concatenate([(colour.astype(np.uint64) * alpha + 32767) // 65535, alpha], axis=2).astype(np.uint16)
    photo = Photo.open(tiff(given, extra=(1,)))
    assert np.abs(photo.pixels.astype(int) - colour).max() <= 2
    np.testing.assert_array_equal(photo.alpha, alpha[..., 0])


@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize("photometric", [0, 1])
@pytest.mark.parametrize("top", [1.0, 255.0, 65535.0])
def test_tiff_floats(top: float, photometric: int, big_endian: bool) -> None:
    given = samples(H, W).astype(np.float32) / 65535
    given[0, :2] = 0, 1
    photo = Photo.open(tiff((given * top).astype(np.float32), photometric=photometric, big_endian=big_endian))
    wanted = 1 - given if photometric == 0 else given
    assert np.abs(photo.pixels / 65535 - wanted).max() < 1e-4


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.uint32])
def test_tiff_wide_integers_use_their_range(dtype: type) -> None:
    info = np.iinfo(dtype)
    given = np.linspace(info.min, info.max, H * W).reshape(H, W).astype(dtype)
    pixels = Photo.open(tiff(given)).pixels
    assert pixels.min() == 0 and pixels.max() == 65535
    assert np.abs(pixels / 65535 - np.linspace(0, 1, H * W).reshape(H, W)).max() < 1e-4


def test_tiff_pages_first_one_with_a_warning() -> None:
    given = samples(H, W)
    with pytest.warns(PictureWarning, match="more than one picture"):
        photo = Photo.open(tiff(given, pages=3))
    np.testing.assert_array_equal(photo.pixels, given)


def test_cmyk_tiff_and_jpeg_agree_with_the_ink_formula() -> None:
    inks = np.zeros((16, 16, 4), np.uint8)
    inks[..., :] = (0, 128, 255, 32)
    photo = Photo.open(tiff(inks, photometric=5))
    wanted = [round((255 - c) * (255 - 32) / 255) for c in (0, 128, 255)]
    assert np.abs(photo.pixels[0, 0].astype(int) - wanted).max() <= 1
    jpeg = Photo.open(encoded(Image.fromarray(inks, "CMYK"), "JPEG", quality=95))  # Adobe's inverted inks
    assert np.abs(jpeg.pixels[0, 0].astype(int) - wanted).max() <= 4


def test_16_bit_cmyk_keeps_its_bits() -> None:
    inks = np.zeros((8, 8, 4), np.uint16)
    inks[..., 3] = 32897
    photo = Photo.open(tiff(inks, photometric=5))
    assert photo.bits == 16 and (photo.pixels == 65535 - 32897).all()


def test_16_bit_cmyk_with_a_profile_loses_bits_but_says_so() -> None:
    inks = np.zeros((8, 8, 4), np.uint16)
    icc = table_profile(b"CMYK", {(0, 0, 0, 0): (100, 0, 0)})
    with pytest.warns(PictureWarning, match="8 bits"):
        photo = Photo.open(tiff(inks, photometric=5, more={34675: (7, len(icc), icc)}))
    assert photo.bits == 16 and photo.pixels.min() > 65000


def test_lab_tiff() -> None:
    lab = np.zeros((8, 8, 3), np.uint8)
    lab[..., 0] = 255  # white
    lab[:, 4:] = (137, 80, 67)  # a red: L 53.7, a 80, b 67
    pixels = Photo.open(tiff(lab, photometric=8)).pixels.astype(int)
    assert np.abs(pixels[0, 0] - 255).max() <= 2
    assert pixels[0, 6, 0] > 240 and pixels[0, 6, 1:].max() < 40


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "F", "I", "CMYK", "YCbCr", "LAB", "HSV"])
def test_from_pil_takes_every_mode(mode: str) -> None:
    image = Image.new("RGB", (W, H), (200, 200, 200))
    if mode in ("I;16", "I"):
        image = image.convert("L").convert("I").point(lambda v: v * 257)
        image = image.convert(mode) if mode != "I" else image
    elif mode == "F":
        image = Image.fromarray(np.full((H, W), 200 / 255, np.float32))
    elif mode == "LAB":
        lab = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")
        image = ImageCms.applyTransform(image, lab)  # type: ignore[assignment]
    else:
        image = image.convert(mode, palette=Image.Palette.ADAPTIVE)
    pixels = Photo.from_pil(image).pixels
    got = pixels / (65535 if pixels.dtype == np.uint16 else 255)
    assert pixels.shape[:2] == (H, W)
    if mode == "1":  # dithered
        assert set(np.unique(got)) == {0, 1} and abs(got.mean() - 200 / 255) < 0.05
    else:
        assert np.abs(got - 200 / 255).max() < 0.02


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_orientation_is_applied_and_reset(format: str, orientation: int) -> None:
    upright = Image.fromarray(np.kron(samples(2, 3, bits=8), np.ones((16, 16), np.uint8))).convert("RGB")
    turn = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    stored = upright if turn is None else upright.transpose(turn)
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, "Ernemann"
    exif[0x8769] = {0x9003: "1925:05:01 12:00:00"}
    options = {"lossless": True} if format == "WEBP" else {}
    photo = Photo.open(encoded(stored, format, exif=exif.tobytes(), **options))
    assert photo.size == upright.size
    assert np.abs(photo.pixels.astype(int) - np.asarray(upright)).max() <= 12
    for target in ("JPEG", "PNG", "TIFF", "WEBP"):
        with Image.open(io.BytesIO(photo.encode(format=target))) as again:
            assert again.size == upright.size
            kept = again.getexif()
            assert kept.get(0x0112, 1) == 1
            assert kept[0x010F] == "Ernemann"
            assert kept.get_ifd(0x8769)[0x9003] == "1925:05:01 12:00:00"


def test_16_bit_tiff_orientation() -> None:
    given = samples(H, W, 3)
    photo = Photo.open(tiff(given, compression=8, more={274: (3, 1, struct.pack("<H", 6))}))
    np.testing.assert_array_equal(photo.pixels, np.rot90(given, -1))
    assert photo.pixels.flags.c_contiguous


def lcms(pixels: np.ndarray, icc: bytes, mode: str = "RGB") -> np.ndarray:
    flags = ImageCms.Flags.BLACKPOINTCOMPENSATION
    source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    made = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB", 1, flags)
    return np.asarray(ImageCms.applyTransform(Image.fromarray(pixels, mode), made))


@pytest.mark.parametrize(("columns", "gamma"), [(ADOBE_RGB, 2.2), (PROPHOTO, 1.8)])
def test_wide_gamut_profile_8_and_16_bits_agree_with_lcms(columns: tuple, gamma: float) -> None:
    icc = profile(b"RGB ", columns=columns, gamma=gamma)
    given = samples(64, 64, 3, bits=8)
    wanted = lcms(given, icc)
    assert np.abs(wanted.astype(int) - given).max() > 20, "the profile changes something"
    eight = Photo.open(encoded(Image.fromarray(given), "PNG", icc_profile=icc))
    np.testing.assert_array_equal(eight.pixels, wanted)
    sixteen = Photo.open(tiff(given.astype(np.uint16) * 257, more={34675: (7, len(icc), icc)}))
    assert np.abs(sixteen.pixels / 257 - wanted).max() <= 1.2, "lcms with 8 bits is the coarser of the two"
    from_pcs = np.linalg.inv(
        np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]])
    )
    linear = np.clip((given / 255) ** (round(gamma * 256) / 256) @ np.array(columns) @ from_pcs.T, 0, 1)
    exact = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055) * 65535
    assert np.abs(sixteen.pixels - exact).max() < 40, "0.06 % of the range, from the rounded matrix in the profile"
    ramp = np.linspace(0, 65535, 4096).astype(np.uint16)[None, :, None].repeat(3, axis=2)
    grey = Photo.open(tiff(ramp, more={34675: (7, len(icc), icc)})).pixels
    assert len(np.unique(grey[..., 1])) > 4000, "16 bits survive"
    assert np.ptp(grey.astype(int), axis=2).max() < 100, "grey stays grey"


def test_cmyk_goes_through_its_profile() -> None:
    """The profile's inks are not the formula's: its pure cyan is a dull green."""
    corners = np.array([[0, 0, 0, 0], [255, 0, 0, 0], [0, 0, 0, 255], [0, 0, 255, 0], [255, 255, 255, 255]], np.uint8)
    inks = corners[None].repeat(8, axis=0).repeat(16, axis=1)
    icc = table_profile(b"CMYK", {(0, 0, 0, 0): (100, 0, 0), (1, 0, 0, 0): (50, -40, 20), (0, 0, 1, 0): (90, 0, 80)})
    for data in (
        tiff(inks, photometric=5, more={34675: (7, len(icc), icc)}),
        encoded(Image.fromarray(inks, "CMYK"), "JPEG", quality=98, icc_profile=icc),
    ):
        photo = Photo.open(data)
        got = photo.pixels[4, 8::16].astype(int)
        assert photo.had_profile and np.abs(got - lcms(inks, icc, "CMYK")[4, 8::16]).max() <= 6
        assert got[0].min() > 250, "paper is white"
        assert got[1, 1] > got[1, 0] + 40 and got[1, 1] > got[1, 2] + 20, "green"
        assert got[2].max() < 12 and got[4].max() < 12, "black"


def test_rgb_profile_with_tables_keeps_16_bits() -> None:
    """Red and blue change places; in between lcms interpolates."""
    nodes = {(1, 0, 0): (32, 79, -108), (0, 0, 1): (53, 80, 67), (1, 1, 1): (100, 0, 0), (1, 1, 0): (91, -50, -14)}
    nodes |= {(0, 1, 0): (88, -79, 81), (0, 1, 1): (97, -16, 93), (1, 0, 1): (60, 93, -61)}
    icc = table_profile(b"RGB ", nodes)
    ramp = np.linspace(0, 65535, 4096).astype(np.uint16)[None, :, None].repeat(3, axis=2)
    ramp[..., 1:] //= 2
    pixels = Photo.open(tiff(ramp, more={34675: (7, len(icc), icc)})).pixels
    wanted = lcms(np.rint(ramp / 257).astype(np.uint8), icc)
    assert np.abs(wanted.astype(int) - ramp / 257).max() > 30
    assert np.abs(pixels / 257 - wanted).max() <= 0.6
    assert len(np.unique(pixels[..., 0])) > 1000


def test_output_of_a_profiled_input_carries_srgb() -> None:
    icc = profile(b"RGB ", columns=ADOBE_RGB)
    photo = Photo.open(encoded(Image.fromarray(samples(H, W, 3, bits=8)), "PNG", icc_profile=icc))
    Image.init()
    for format in ("JPEG", "PNG", "TIFF", "WEBP", "AVIF"):
        if format == "AVIF" and "AVIF" not in Image.SAVE:
            continue
        with Image.open(io.BytesIO(photo.encode(format=format))) as again:
            found = ImageCms.ImageCmsProfile(io.BytesIO(again.info["icc_profile"]))
            assert "sRGB" in ImageCms.getProfileDescription(found)
        assert np.abs(Photo.open(photo.encode(format="PNG")).pixels.astype(int) - photo.pixels).max() == 0
    assert Photo.from_array(samples(H, W, 3, bits=8)).to_pil().info.get("icc_profile") is None


def test_srgb_profile_leaves_values_alone() -> None:
    given = samples(64, 64, 3, bits=8)
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    np.testing.assert_array_equal(Photo.open(encoded(Image.fromarray(given), "PNG", icc_profile=icc)).pixels, given)
    wide = samples(64, 64, 3)
    np.testing.assert_array_equal(Photo.open(tiff(wide, more={34675: (7, len(icc), icc)})).pixels, wide)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("pcs", [b"XYZ ", b"Lab "])
def test_grey_profile_is_a_curve(pcs: bytes, bits: int) -> None:
    top = (1 << bits) - 1
    ramp = np.linspace(0, top, 4096).round().astype(np.uint16 if bits == 16 else np.uint8)[None]
    icc = profile(b"GRAY", gamma=1.0, pcs=pcs)
    pixels = Photo.open(tiff(ramp, more={34675: (7, len(icc), icc)})).pixels / top
    x = ramp / top
    y = x if pcs == b"XYZ " else np.where(x > 0.08, ((100 * x + 16) / 116) ** 3, 100 * x / 903.3)
    wanted = np.where(y <= 0.0031308, 12.92 * y, 1.055 * np.maximum(y, 1e-9) ** (1 / 2.4) - 0.055)
    assert np.abs(pixels - wanted).max() < 1 / top


def test_grey_picture_with_an_rgb_profile_uses_its_curve() -> None:
    given = samples(H, W, bits=8)
    icc = profile(b"RGB ", columns=PROPHOTO, gamma=1.8)
    photo = Photo.open(encoded(Image.fromarray(given), "JPEG", icc_profile=icc, quality=100))
    wanted = lcms(given[..., None].repeat(3, axis=2), icc)[..., 1]
    assert np.abs(photo.pixels.astype(int) - wanted).max() <= 4


def test_broken_or_wrong_profiles_are_survived() -> None:
    given = samples(H, W, 3, bits=8)
    good = profile(b"RGB ", columns=PROPHOTO)
    for bad in (good[:200], good[:140] + b"\xff" * 300, b"\0" * 500):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PictureWarning)
            photo = Photo.open(encoded(Image.fromarray(given), "PNG", icc_profile=bad))
        np.testing.assert_array_equal(photo.pixels, given)
    with pytest.warns(PictureWarning, match="profile"):
        Photo.open(encoded(Image.fromarray(given), "PNG", icc_profile=good[:200]))


def test_same_picture_from_path_bytes_and_stream(tmp_path) -> None:  # type: ignore[no-untyped-def]
    data = png(samples(H, W, 3), colour_type=2, bits=16)
    (tmp_path / "größe 1.png").write_bytes(data)
    first = Photo.open(tmp_path / "größe 1.png")
    assert first.path == tmp_path / "größe 1.png"
    for other in (Photo.open(str(first.path)), Photo.open(data), Photo.open(io.BytesIO(data))):
        np.testing.assert_array_equal(other.pixels, first.pixels)
    with open(tmp_path / "größe 1.png", "rb") as stream:
        np.testing.assert_array_equal(Photo.open(stream).pixels, first.pixels)
