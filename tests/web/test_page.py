"""The page in a real browser. Needs playwright, and chromium (its place in CHROMIUM, or on the path); else left out.

SCREENSHOTS=folder keeps a picture of every step, to be looked at. AXE=axe.min.js looks for what keeps people out.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not CHROMIUM, reason="there is no chromium")]
SAMPLES = Path(__file__).parents[2] / "samples"
PATIENCE = 60_000  # ms
CHROMA = """canvas => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let most = 0;
    for (let n = 0; n < data.length; n += 4) most = Math.max(most, Math.abs(data[n] - data[n + 2]));
    return most;
}"""  # of a canvas: the largest difference between red and blue


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    command = [
        sys.executable,
        "-m",
        "photochrom",
        "serve",
        "--port",
        "0",
        "--max-megabytes",
        "2",
        "--model",
        "photo-fast",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    yield re.search(r"http://\S+/", process.stdout.readline())[0]
    process.terminate()
    process.communicate()


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with playwright.sync_playwright() as running:
        options = ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
        launched = running.chromium.launch(executable_path=CHROMIUM, args=options)
        yield launched
        launched.close()


@pytest.fixture
def page(browser, server: str) -> Iterator[Callable[..., object]]:
    """page(color_scheme="dark") opens it; an error in its scripts, or a call of another host, fails the test."""
    wrong: list[str] = []
    contexts = []

    def make(**options: object) -> object:
        context = browser.new_context(**options)
        contexts.append(context)
        opened = context.new_page()
        opened.set_default_timeout(PATIENCE)
        opened.on("pageerror", lambda error: wrong.append(str(error)))
        opened.on(
            "request",
            lambda request: None if request.url.startswith((server, "blob:", "data:")) else wrong.append(request.url),
        )
        opened.goto(server)
        opened.wait_for_selector("html[data-ready]")
        return opened

    yield make
    for context in contexts:
        context.close()
    assert not wrong


def colored(page, count: int, of: int | None = None) -> None:
    expect(page.locator("#status")).to_contain_text(f"{count} of {of or count} coloured", timeout=PATIENCE)


def seen(page, name: str) -> None:
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def downloaded(page, button: str, path: Path) -> Path:
    with page.expect_download() as waiting:
        page.click(button)
    target = path / waiting.value.suggested_filename
    waiting.value.save_as(target)
    return target


def test_choose_wait_slide_download(page, tmp_path: Path) -> None:
    shown = page()
    seen(shown, "empty")
    shown.set_input_files("#choose", SAMPLES / "cat.jpg")
    colored(shown, 1)
    shown.locator("#slider").fill("20")
    assert "80%" in shown.locator("#before-frame").get_attribute("style")
    seen(shown, "one")
    result = downloaded(shown, "#download", tmp_path)
    assert result.name == "cat.color.jpg"
    with Image.open(result) as image, Image.open(SAMPLES / "cat.jpg") as given:
        assert image.size == given.size and np.asarray(image.convert("HSV"))[..., 1].mean() > 10


def test_several_wrong_and_too_large(page, tmp_path: Path) -> None:
    (tmp_path / "letter.pdf").write_bytes(b"%PDF-1.7 nothing to see")
    (tmp_path / "huge.bmp").write_bytes(bytes(2_100_000))
    shown = page()
    files = [SAMPLES / "cat.jpg", tmp_path / "letter.pdf", tmp_path / "huge.bmp", SAMPLES / "coffee.jpg"]
    shown.set_input_files("#choose", files)
    colored(shown, 2, 3)
    told = shown.locator("#problem").text_content()
    assert "letter.pdf" in told
    seen(shown, "several")
    packed = downloaded(shown, "#download-all", tmp_path)
    listed = subprocess.run([sys.executable, "-m", "zipfile", "-t", packed], capture_output=True, text=True, check=True)
    assert "Done" in listed.stdout
    import zipfile

    assert zipfile.ZipFile(packed).namelist() == ["cat.color.jpg", "coffee.color.jpg"]


def test_too_large_a_file_is_told_before_it_is_sent(page, tmp_path: Path) -> None:
    (tmp_path / "huge.bmp").write_bytes(bytes(2_100_000))
    shown = page()
    shown.set_input_files("#choose", tmp_path / "huge.bmp")
    expect(shown.locator("#problem")).to_contain_text("2 MB at most")


def test_a_tiff_is_shown_and_stays_one(page, tmp_path: Path) -> None:
    Image.fromarray((np.arange(120 * 90).reshape(90, 120) * 6 % 65536).astype(np.uint16)).save(tmp_path / "scan.tif")
    shown = page()
    shown.set_input_files("#choose", tmp_path / "scan.tif")
    colored(shown, 1)
    assert shown.locator("#before").evaluate("image => image.naturalWidth") == 120
    assert downloaded(shown, "#download", tmp_path).name == "scan.color.tif"


def test_a_hint_changes_its_place_and_nothing_far_away(page, tmp_path: Path) -> None:
    shown = page()
    shown.set_input_files("#choose", SAMPLES / "coffee.jpg")
    colored(shown, 1)
    before = np.asarray(Image.open(downloaded(shown, "#download", tmp_path)), np.int16)
    shown.click("#hinting")
    box = shown.locator("#after").bounding_box()
    at = (0.85, 0.15)  # the table
    shown.mouse.click(box["x"] + at[0] * box["width"], box["y"] + at[1] * box["height"])
    expect(shown.locator("#swatches button").first).to_be_visible()
    assert 2 <= shown.locator("#swatches button").count() <= 5
    seen(shown, "picker")
    shown.fill("#colour", "#2060c0")
    shown.click("dialog button[value=ok]")
    expect(shown.locator("#hint-list li")).to_have_count(1)
    colored(shown, 1)
    seen(shown, "hint")
    after = np.asarray(Image.open(downloaded(shown, "#download", tmp_path)), np.int16)
    height, width = before.shape[:2]
    change = np.abs(after - before).max(axis=-1)
    x, y = int(at[0] * width), int(at[1] * height)
    assert change[y - 3 : y + 4, x - 3 : x + 4].mean() > 20
    assert after[y, x, 2] > after[y, x, 0]
    cup = change[int(0.4 * height) : int(0.5 * height), int(0.4 * width) : int(0.6 * width)]
    assert cup.mean() < 6  # of 255: another thing, far away
    shown.click("#undo")
    expect(shown.locator("#hint-list li")).to_have_count(0)
    colored(shown, 1)
    again = np.asarray(Image.open(downloaded(shown, "#download", tmp_path)), np.int16)
    assert np.array_equal(again, before)


def test_dials_undo_and_settings_of_a_file(page, tmp_path: Path) -> None:
    shown = page()
    shown.set_input_files("#choose", SAMPLES / "cat.jpg")
    colored(shown, 1)
    shown.locator("#dial-strength").fill("0")
    expect(shown.locator("#busy")).to_be_hidden(timeout=PATIENCE)
    colored(shown, 1)
    grey = np.asarray(Image.open(downloaded(shown, "#download", tmp_path)), np.int16)
    assert np.ptp(grey, axis=-1).mean() < 1
    saved = downloaded(shown, "#save-settings", tmp_path)
    shown.click("#undo")
    expect(shown.locator("#dial-strength")).to_have_value("1")
    shown.set_input_files("#load-settings", saved)
    expect(shown.locator("#dial-strength")).to_have_value("0")


def dropped(page, place: str, path: Path) -> None:
    """What a browser does when a file is dropped there."""
    data = list(path.read_bytes())
    page.evaluate(
        """([place, name, data]) => {
            const carried = new DataTransfer();
            carried.items.add(new File([new Uint8Array(data)], name));
            for (const type of ["dragover", "drop"])
                document.querySelector(place).dispatchEvent(
                    new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: carried }));
        }""",
        [place, path.name, data],
    )


def test_a_reference_is_followed_and_taken_away(page, tmp_path: Path) -> None:
    from skimage.data import coffee

    cup = coffee()[::2, ::2]
    Image.fromarray(cup[..., [2, 1, 0]]).save(tmp_path / "blue.jpg", quality=95)
    Image.fromarray(cup).convert("L").save(tmp_path / "old.png")
    Image.fromarray(cup).convert("L").save(tmp_path / "grey.jpg")
    shown = page()
    shown.set_input_files("#choose", tmp_path / "old.png")
    colored(shown, 1)
    plain = np.asarray(Image.open(downloaded(shown, "#download", tmp_path)), np.int16)
    dropped(shown, "#references", tmp_path / "blue.jpg")
    expect(shown.locator("#reference-list li")).to_have_count(1)
    expect(shown.locator("#strip li")).to_have_count(1)  # it isn't taken for a picture to be coloured
    expect(shown.locator("#busy")).to_be_hidden(timeout=PATIENCE)
    colored(shown, 1)
    seen(shown, "reference")
    followed = np.asarray(Image.open(downloaded(shown, "#download", tmp_path)), np.int16)
    assert (followed[..., 2] - followed[..., 0]).mean() > (plain[..., 2] - plain[..., 0]).mean() + 20
    saved = json.loads(downloaded(shown, "#save-settings", tmp_path).read_text())
    assert set(saved["guide"]["references"][0]) == {"sha256"} and "blue.jpg" not in json.dumps(saved)

    shown.set_input_files("#choose-reference", tmp_path / "grey.jpg")
    expect(shown.locator("#reference-problem")).to_contain_text("grey.jpg is grey")
    expect(shown.locator("#reference-list li")).to_have_count(1)
    shown.get_by_role("button", name="Remove the reference blue.jpg").click()
    expect(shown.locator("#reference-list li")).to_have_count(0)
    expect(shown.locator("#busy")).to_be_hidden(timeout=PATIENCE)
    assert np.array_equal(np.asarray(Image.open(downloaded(shown, "#download", tmp_path)), np.int16), plain)
    shown.click("#undo")
    expect(shown.locator("#reference-list li")).to_have_count(1)
    (tmp_path / "saved.json").write_text(json.dumps(saved))
    shown.set_input_files("#load-settings", tmp_path / "saved.json")
    expect(shown.locator("#problem")).to_contain_text("add the picture again")


def test_by_keyboard_alone(page) -> None:
    shown = page()
    shown.keyboard.press("Tab")
    expect(shown.locator(".skip")).to_be_focused()
    with shown.expect_file_chooser() as chooser:
        for _ in range(20):
            shown.keyboard.press("Tab")
            if shown.evaluate_handle("document.activeElement").get_property("id").json_value() == "choose":
                shown.keyboard.press("Enter")
                break
    chooser.value.set_files(SAMPLES / "cat.jpg")
    colored(shown, 1)
    shown.locator("#slider").focus()
    shown.keyboard.press("End")
    assert "0%" in shown.locator("#before-frame").get_attribute("style")
    shown.locator("#hinting").focus()
    shown.keyboard.press("Enter")
    for _ in range(5):
        shown.keyboard.press("ArrowLeft")
    shown.keyboard.press("Enter")
    expect(shown.locator("#swatches button").first).to_be_visible()
    shown.locator("#swatches button").first.focus()
    shown.keyboard.press("Enter")
    expect(shown.locator("#hint-list li")).to_have_count(1)


def test_on_a_phone_in_the_dark(page, tmp_path: Path) -> None:
    y, x = np.mgrid[0:90, 0:120]
    Image.fromarray(np.stack([x * 2, y * 2, 200 - x], -1).astype(np.uint8)).save(tmp_path / ("long name " * 6 + ".png"))
    shown = page(viewport={"width": 390, "height": 844}, color_scheme="dark", has_touch=True)
    shown.set_input_files("#choose", SAMPLES / "cat.jpg")
    colored(shown, 1)
    shown.set_input_files("#choose-reference", tmp_path / ("long name " * 6 + ".png"))
    expect(shown.locator("#reference-list img")).to_be_visible()
    expect(shown.locator("#busy")).to_be_hidden(timeout=PATIENCE)
    seen(shown, "phone")
    assert shown.evaluate_handle("document.documentElement").get_property("scrollWidth").json_value() <= 390
    ground = shown.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
    assert max(int(part) for part in re.findall(r"\d+", ground)[:3]) < 60


def test_the_camera_live(page) -> None:
    shown = page(permissions=["camera"])
    shown.click("#tab-live")
    shown.click("#live-camera")
    expect(shown.locator("#live-status")).to_contain_text(
        re.compile(r"[1-9][\d.]* frames/s|0\.[1-9] frames/s"), timeout=PATIENCE
    )
    assert shown.locator("#live-canvas").evaluate("canvas => Math.min(canvas.width, canvas.height)") in range(320, 481)
    assert shown.locator("#live-canvas").evaluate(CHROMA) > 20
    shown.locator("#live-strength").fill("0")
    for _ in range(600):
        if shown.locator("#live-canvas").evaluate(CHROMA) < 8:
            break
        shown.wait_for_timeout(100)
    assert shown.locator("#live-canvas").evaluate(CHROMA) < 8
    shown.locator("#live-strength").fill("1.5")
    seen(shown, "live")
    shown.click("#live-stop")
    expect(shown.locator("#live-stop")).to_be_disabled()


@pytest.mark.skipif("AXE" not in os.environ, reason="AXE names no axe.min.js")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_kept_out(browser, server: str, scheme: str) -> None:
    context = browser.new_context(color_scheme=scheme, bypass_csp=True)
    shown = context.new_page()
    shown.goto(server)
    shown.wait_for_selector("html[data-ready]")
    shown.set_input_files("#choose", SAMPLES / "cat.jpg")
    colored(shown, 1)
    shown.click("#hinting")
    shown.evaluate(Path(os.environ["AXE"]).read_text(encoding="utf-8"))
    found = shown.evaluate("() => axe.run()")
    context.close()
    serious = [
        (row["id"], row["help"], [node["html"] for node in row["nodes"]])
        for row in found["violations"]
        if row["impact"] in ("serious", "critical")
    ]
    assert not serious
