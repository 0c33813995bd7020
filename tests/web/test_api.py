"""The HTTP API: pictures in, pictures out, every setting a field, every refusal a sentence with its status."""

import hashlib
import io
import json
import zipfile
from email.parser import BytesParser
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image

from photochrom.settings import Settings, setting_types
from tests.web.conftest import encoded


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def post(client, path="colorize", data=None, fields=None, **more):
    form = {"picture": ("old.png", encoded() if data is None else data)}
    return client.post(f"/api/v1/{path}", files=form, data=fields or {}, **more)


def refused(response, status: int) -> str:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == status and body["title"] and body["type"]
    return body["detail"]


def test_a_form_and_a_raw_body_give_what_python_gives(serving, drawn) -> None:
    import photochrom

    client, wanted = serving(), photochrom.load_model(drawn).colorize(encoded(), vividness=1.5)
    form = post(client, fields={"vividness": "1.5"})
    raw = client.post("/api/v1/colorize?vividness=1.5", content=encoded())
    assert form.status_code == raw.status_code == 200
    assert form.content == raw.content == wanted
    assert form.headers["content-type"] == "image/png"
    assert "old.color.png" in form.headers["content-disposition"]


def test_the_file_keeps_what_it_came_with(serving) -> None:
    exif = Image.Exif()
    exif[0x010E] = "the tram"
    exif[0x8825] = {1: "N", 2: (48.0, 51.0, 30.0)}
    given = encoded("JPEG", exif=exif, dpi=(300, 300))
    kept = opened(post(serving(), data=given).content)
    assert kept.getexif()[0x010E] == "the tram" and kept.info["dpi"] == (300, 300)
    assert kept.getexif().get_ifd(0x8825)[2] == (48.0, 51.0, 30.0)
    stripped = opened(post(serving(), data=given, fields={"strip_location": "true"}).content)
    assert stripped.getexif()[0x010E] == "the tram" and not stripped.getexif().get_ifd(0x8825)


@pytest.mark.parametrize(
    ("accept", "format"),
    [("image/webp", "WEBP"), ("image/jpeg;q=0.5, image/tiff", "TIFF"), ("*/*", "PNG"), ("text/html, image/*", "PNG")],
)
def test_accept_picks_the_format(serving, accept: str, format: str) -> None:
    assert opened(post(serving(), headers={"accept": accept}).content).format == format


def test_what_cannot_be_accepted_is_said(serving) -> None:
    assert "image/png" in refused(post(serving(), headers={"accept": "text/html"}), 406)


def test_every_setting_is_a_field_and_documented(serving) -> None:
    client = serving()
    described = {row["name"]: row for row in client.get("/api/v1/settings").json()}
    assert list(described) == list(setting_types())
    post_ = client.get("/api/v1/openapi.json").json()["paths"]["/api/v1/colorize"]["post"]
    form = post_["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"]
    assert set(setting_types()) <= set(form)
    defaults = {name: row["default"] for name, row in described.items() if row["kind"] not in ("object",)}
    fields = {name: json.dumps(value).strip('"') for name, value in defaults.items() if value is not None}
    assert post(client, fields=fields).content == post(client).content


def test_settings_of_text_have_names_to_choose_from(serving) -> None:
    """Else they might be paths, and a client could have a file opened."""
    rows = [row for row in serving().get("/api/v1/settings").json() if row["kind"] == "string"]
    rows = [row for row in rows if row["name"] != "saturation"]  # hues and numbers, which Settings reads
    assert rows and all(row["choices"] for row in rows)


def test_settings_as_json_and_single_fields_win(serving) -> None:
    client = serving()
    grey = post(client, fields={"settings": json.dumps({"strength": 0})})
    assert np.ptp(np.asarray(opened(grey.content)), axis=-1).max() == 0
    both = post(client, fields={"settings": json.dumps(Settings(strength=0).to_dict()), "strength": "1"})
    assert both.content == post(client).content


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"vividnes": "1"}, "vividness"),
        ({"strength": "9"}, "0..1.5"),
        ({"strength": "much"}, "much"),
        ({"keep_tint": "perhaps"}, "keep_tint"),
        ({"settings": "{"}, "JSON"),
        ({"settings": "[" * 100_000}, "JSON"),
        ({"settings": "3"}, "object"),
        ({"guide": '{"hint": []}'}, "hints"),
        ({"quality": "101"}, "1..100"),
        ({"variants": "0"}, "1..16"),
        ({"format": "gif"}, "JPEG"),
        ({"model": "/etc/passwd"}, "no model"),
        ({"model": "phot"}, "photo"),
        ({"domain": "phot"}, "photo"),
        ({"model": "photo", "domain": "sketch"}, "sketch"),
        ({"era": "/etc/passwd"}, "choose one of"),
        ({"settings": '{"era": "../x.json"}'}, "choose one of"),
        ({"era": "kodachrom"}, "kodachrome"),
        ({"settings": '{"era": ["1900s"]}'}, "there is no era"),
        ({"restore": "/etc/passwd"}, "choose one of"),
        ({"settings": '{"frame": "../frame"}'}, "there is no frame"),
        ({"frame": "of"}, "'off'"),
        ({"saturation": "/etc/passwd"}, "reds=1.3"),
        ({"settings": '{"saturation": {"reds": 1.3}}'}, "saturation must be"),
        ({"guide": '{"references": ["/etc/passwd"]}'}, "can't be named from here"),
        ({"strip_location": "x"}, "strip_location"),
    ],
)
def test_a_field_that_cannot_be_used_is_400(serving, fields: dict[str, str], word: str) -> None:
    assert word in refused(post(serving(), fields=fields), 400)


def test_pictures_that_cannot_be_read_are_422(serving) -> None:
    client = serving()
    assert "not a picture" in refused(post(client, data=b"%PDF-1.7 and more"), 422)
    refused(post(client, data=encoded()[:100]), 422)
    assert post(client, data=encoded("BMP")[:2500], fields={"salvage": "true"}).status_code == 200


def test_no_picture_and_broken_forms_are_400(serving) -> None:
    client = serving()
    assert "no picture" in refused(client.post("/api/v1/colorize", content=b""), 400)
    assert "no file called 'other'" in refused(client.post("/api/v1/colorize", files={"other": b"x"}), 400)
    assert "no picture" in refused(client.post("/api/v1/colorize", files={"reference": b"x"}), 400)
    for field in ("picture", "reference"):
        assert f"-F {field}=@" in refused(post(client, fields={field: "old.jpg"}), 400)
    broken = client.post("/api/v1/colorize", content=b"x", headers={"content-type": "multipart/form-data"})
    assert "form" in refused(broken, 400)
    two = client.post("/api/v1/colorize", files=[("picture", b"x"), ("picture", b"y")])
    assert "several" in refused(two, 400)


def test_too_many_bytes_or_pixels_are_413(serving) -> None:
    from photochrom.web.config import Limits

    client = serving(limits=Limits(megabytes=0.01, megapixels=0.01))
    assert "0.01 MB" in refused(post(client, data=bytes(20_000)), 413)
    chunks = client.post("/api/v1/colorize", content=iter([bytes(6000)] * 2))  # no length is announced
    assert "0.01 MB" in refused(chunks, 413)
    assert "10" in refused(post(client, data=encoded(size=(200, 100))), 413)
    assert client.get("/healthz").status_code == 200


def test_variants_come_as_a_zip(serving) -> None:
    response = post(serving(), fields={"variants": "3"})
    packed = zipfile.ZipFile(io.BytesIO(response.content))
    assert packed.namelist() == ["old.color.png", "old.color-2.png", "old.color-3.png"]
    assert packed.read("old.color.png") == post(serving()).content


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.png", "C:\\x\\y.png", "a\r\nSet-Cookie: x.png", '"; rm -rf.png', "früh.png"]
)
def test_a_name_is_only_a_name(serving, name: str) -> None:
    response = serving().post("/api/v1/colorize", files={"picture": (name, encoded())})
    said = response.headers["content-disposition"]
    shown = unquote(said.partition("UTF-8''")[2])
    assert response.status_code == 200 and "set-cookie" not in response.headers
    assert shown.endswith(".color.png") and not set('/\\"\r\n;') & set(shown)


def test_the_page_gets_file_copy_and_notes_in_one_answer(serving) -> None:
    response = post(serving(), data=encoded("TIFF"), headers={"accept": "multipart/form-data"})
    head = f"Content-Type: {response.headers['content-type']}\r\n\r\n".encode()
    parts = {
        part.get_param("name", header="content-disposition"): part
        for part in BytesParser().parsebytes(head + response.content).get_payload()
    }
    assert json.loads(parts["about"].get_payload())["settings"]["strength"] == 1
    assert opened(parts["picture"].get_payload(decode=True)).format == "TIFF"
    assert opened(parts["look"].get_payload(decode=True)).format == "JPEG"


def test_preview_is_small_upright_and_grey(serving) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    response = post(serving(), "preview", data=encoded("TIFF", size=(5000, 100), exif=exif))
    assert opened(response.content).size == (41, 2048)
    assert (response.headers["photochrom-width"], response.headers["photochrom-height"]) == ("100", "5000")


def in_colour(format: str = "PNG", *, size: tuple[int, int] = (96, 64)) -> bytes:
    """The bytes of a green field under a red sky."""
    memory = io.BytesIO()
    picture = np.full((size[1], size[0], 3), (40, 140, 50), np.uint8)
    picture[: size[1] // 2] = (200, 60, 50)
    Image.fromarray(picture).save(memory, format)
    return memory.getvalue()


def with_references(client, *references: bytes, path="colorize", fields=None, picture=None):
    files = [("picture", ("old.png", picture or encoded()))]
    files += [("reference", (f"{n}.png", data)) for n, data in enumerate(references, 1)]
    return client.post(f"/api/v1/{path}", files=files, data=fields or {})


def test_references_come_as_files_of_the_form(serving) -> None:
    import photochrom

    client, (first, second) = serving(model="photo-fast"), (in_colour(), in_colour("JPEG"))
    model = photochrom.load_model("photo-fast")
    for given in ((first,), (first, second)):
        wanted = model.colorize(encoded(), guide=photochrom.Guide(references=given))
        assert with_references(client, *given).content == wanted != post(client).content
    both = {"guide": json.dumps({"hints": [{"x": 30, "y": 20, "color": "blue"}], "statistics": "reinhard"})}
    hints = (photochrom.Hint(30, 20, "blue"),)
    guide = photochrom.Guide(hints=hints, statistics="reinhard", references=(first,))
    assert with_references(client, first, fields=both).content == model.colorize(encoded(), guide=guide)


def test_settings_tell_a_reference_by_its_hash(serving) -> None:
    client, reference = serving(model="photo-fast"), in_colour()
    files = {"picture": ("old.png", encoded()), "reference": ("1.png", reference)}
    told = client.post("/api/v1/colorize", files=files, headers={"accept": "multipart/form-data"}).content
    settings = json.loads(told[told.index(b'{"notes"') : told.index(b"\r\n--", told.index(b'{"notes"'))])["settings"]
    assert settings["guide"]["references"] == [{"sha256": hashlib.sha256(reference).hexdigest()}]
    again = {"settings": json.dumps(settings)}
    assert with_references(client, reference, fields=again).content == with_references(client, reference).content
    assert "give the picture again" in refused(post(client, fields=again), 400)


def test_references_that_are_refused(serving) -> None:
    from photochrom.web.config import Limits

    client = serving(model="photo-fast", limits=Limits(megapixels=0.02))
    assert "1.png is grey" in refused(with_references(client, encoded()), 422)
    assert "the reference 1.png is not a picture" in refused(with_references(client, b"%PDF-1.7 and more"), 422)
    assert "the reference 2.png" in refused(with_references(client, in_colour(), in_colour(size=(200, 150))), 413)
    assert "together" in refused(with_references(client, *[in_colour(size=(120, 100))] * 2), 413)
    assert "8 at most" in refused(with_references(client, *[in_colour()] * 9), 400)


def test_a_preview_says_whether_it_can_be_a_reference(serving) -> None:
    client = serving()
    assert post(client, "preview", data=in_colour(), fields={"as_reference": "true"}).status_code == 200
    assert "old.png is grey" in refused(post(client, "preview", fields={"as_reference": "true"}), 422)


def test_bands_of_a_satellite_s_picture(serving) -> None:
    client, given = serving(), in_colour("TIFF")
    red = post(client, data=given, fields={"bands": "1"})
    assert red.status_code == 200 and red.content != post(client, data=given, fields={"bands": "2"}).content
    grey = np.asarray(opened(post(client, "preview", data=given, fields={"bands": "1"}).content).convert("RGB"), int)
    assert abs(grey[5].mean() - 200) < 4 and abs(grey[-5].mean() - 40) < 4
    assert "one number or three" in refused(post(client, data=given, fields={"bands": "red"}), 400)
    assert "3 bands" in refused(post(client, data=given, fields={"bands": "7"}), 422)


def two_pages(format: str, **options: object) -> bytes:
    memory = io.BytesIO()
    first, second = (Image.fromarray(np.full((40, 60), level, np.uint8)) for level in (200, 60))
    first.save(memory, format, save_all=True, append_images=[second], **options)
    return memory.getvalue()


@pytest.mark.parametrize(("format", "options"), [("TIFF", {}), ("GIF", {"duration": 200}), ("WEBP", {"duration": 200})])
def test_all_pages_come_in_one_file(serving, format: str, options: dict[str, int]) -> None:
    client = serving()
    response = post(client, data=two_pages(format, **options), fields={"pages": "all"})
    made = opened(response.content)
    assert made.format == format and made.n_frames == 2
    assert response.headers["content-type"] == f"image/{format.lower()}"
    frames = []
    for number in range(2):
        made.seek(number)
        frames.append(np.asarray(made.convert("RGB"), int))
    assert frames[0][20, 30, 0] > frames[0][20, 30, 2] + 9 and frames[1][20, 30, 2] > frames[1][20, 30, 0] + 9
    assert "photochrom_pixels_total 4800.0" in client.get("/metrics").text


def test_one_page_comes_in_any_format(serving) -> None:
    client, given = serving(), two_pages("TIFF")
    second = opened(post(client, data=given, fields={"pages": "2", "format": "png"}).content)
    assert second.format == "PNG" and np.asarray(second)[20, 30, 2] > np.asarray(second)[20, 30, 0] + 9
    assert "ask for tiff" in refused(post(client, data=given, fields={"pages": "all", "format": "png"}), 400)
    assert "no page 3" in refused(post(client, data=given, fields={"pages": "3"}), 422)
    assert "numbers from 1" in refused(post(client, data=given, fields={"pages": "x"}), 400)
    assert "leave out variants" in refused(post(client, data=given, fields={"pages": "all", "variants": "2"}), 400)
    same = post(client, fields={"pages": "all"}).content
    assert same == post(client).content  # of a file that has but one picture


def test_suggestions_are_the_networks_own(serving) -> None:
    client = serving()
    found = post(client, "suggest", fields={"x": "60", "y": "46"}).json()
    assert [len(swatch["color"]) for swatch in found] == [7] * len(found) and 2 <= len(found) <= 5
    assert found[0]["share"] == max(swatch["share"] for swatch in found)
    red, blue = int(found[0]["color"][1:3], 16), int(found[0]["color"][5:7], 16)
    assert red > blue  # bright places are orange
    assert "outside" in refused(post(client, "suggest", fields={"x": "64", "y": "0"}), 400)
    assert "number" in refused(post(client, "suggest", fields={"x": "-1", "y": "0"}), 400)
    assert "number" in refused(post(client, "suggest", fields={"y": "0"}), 400)


def test_an_explanation_is_one_file(serving) -> None:
    client = serving()
    response = post(client, "explain", fields={"at": "10,10"})
    assert response.headers["content-disposition"].startswith('attachment; filename="old.explain.html"')
    assert response.text.startswith("<!doctype html>") and "data:image/webp;base64," in response.text
    assert "two numbers" in refused(post(client, "explain", fields={"at": "here"}), 400)


def test_frames_of_a_stream_follow_one_another(serving, drawn) -> None:
    client = serving()

    def frame(stream: str, data: bytes) -> np.ndarray:
        response = client.post(f"/api/v1/live?stream={stream}&model={drawn}", content=data)
        assert response.headers["content-type"] == "image/jpeg"
        return np.asarray(opened(response.content), np.int16)

    bright, darker = (encoded_flat(level) for level in (124, 116))
    alone = frame("a", darker)
    frame("b", bright)
    assert np.abs(frame("b", darker) - alone).max() > 0  # what was seen before counts
    frame("c", encoded_flat(20))
    assert np.array_equal(frame("c", darker), alone)  # but not over a cut


def encoded_flat(level: int) -> bytes:
    memory = io.BytesIO()
    Image.new("L", (64, 64), level).save(memory, "PNG")
    return memory.getvalue()


def test_models_health_metrics_and_docs(serving) -> None:
    client = serving()
    assert {row["name"] for row in client.get("/api/v1/models").json()} >= {"photo", "photo-fast"}
    assert client.get("/healthz").json()["status"] == "ok"
    post(client)
    figures = client.get("/metrics").text
    assert 'photochrom_requests_total{route="/api/v1/colorize",status="200"} 1.0' in figures
    assert "photochrom_pixels_total 3072.0" in figures
    docs = client.get("/docs").text
    assert "/api/v1/colorize" in docs and "<script" not in docs and "vividness" in docs
    assert "address" in refused(client.get("/nothing"), 404)
    refused(client.get("/static/..%2Fapp.py"), 404)
    refused(client.get("/api/v1/colorize"), 405)
