"""The HTTP API: pictures in, pictures out, every setting a field, every refusal a sentence with its status."""

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
    assert "no picture" in refused(client.post("/api/v1/colorize", files={"other": b"x"}), 400)
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
