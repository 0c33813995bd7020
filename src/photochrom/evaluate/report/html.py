"""One HTML file with everything in it: text, tables, plots and pictures; nothing is fetched when it is opened."""

from __future__ import annotations

import base64
import html
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom.atomic import atomic_write

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_STYLE = """
:root { color-scheme: light dark; --ink: #1d1d1f; --paper: #fdfdfc; --line: #d9d7d2; --soft: #f1efea; --dim: #6a675f; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e6e1; --paper: #17171a; --line: #3a3a40; --soft: #232328; --dim: #a29f97; }
  figure svg { filter: invert(0.91) hue-rotate(180deg); } /* plots are drawn on white */
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem clamp(0.8rem, 4vw, 3rem); max-width: 88rem; color: var(--ink);
  background: var(--paper); font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; } h2 { font-size: 1.25rem; margin-top: 2.2rem; }
p { max-width: 48rem; overflow-wrap: anywhere; }
.wide { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--dim); padding-bottom: 0.4rem; }
th, td { padding: 0.3rem 0.7rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { background: var(--soft); white-space: nowrap; }
td.n, th.n { text-align: right; white-space: nowrap; }
figure { margin: 1.2rem 0; } figcaption { color: var(--dim); font-size: 0.9rem; max-width: 48rem; }
figure img { max-width: 100%; height: auto; display: block; }
figure svg { max-width: 100%; height: auto; display: block; background: #fff; }
"""


class Page:
    """A report that is filled from top to bottom and saved as one self-contained HTML file.

    It reads well in dark and light, on a phone and on a wide screen, and holds no date: the same content gives the
    same bytes.
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self._parts: list[str] = []

    def heading(self, text: str) -> None:
        """A second-level heading."""
        self._parts.append(f"<h2>{html.escape(text)}</h2>")

    def text(self, text: str) -> None:
        """Plain text; an empty line begins a new paragraph."""
        for paragraph in text.split("\n\n"):
            if paragraph.strip():
                self._parts.append(f"<p>{html.escape(paragraph.strip())}</p>")

    def table(self, rows: Sequence[Mapping[str, object]], caption: str = "") -> None:
        """One line for each mapping; columns are the keys in the order they first appear, None or no key a dash."""
        names = list(dict.fromkeys(name for row in rows for name in row))
        numeric = {name for name in names if all(_is_number(row.get(name)) for row in rows)}

        def cell(tag: str, name: str, content: str) -> str:
            return f"<{tag}{' class=n' if name in numeric else ''}>{html.escape(content)}</{tag}>"

        head = "".join(cell("th", name, name) for name in names)
        body = "".join(
            "<tr>" + "".join(cell("td", name, show(row.get(name))) for name in names) + "</tr>\n" for row in rows
        )
        title = f"<caption>{html.escape(caption)}</caption>" if caption else ""
        self._parts.append(
            f'<div class="wide"><table>{title}\n<thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>'
        )

    def figure(self, figure: Figure, caption: str = "") -> None:
        """A matplotlib figure, as inline SVG (sharp at any size, its text can be searched)."""
        import matplotlib

        memory = io.StringIO()
        # The salt keeps the ids of several figures apart and the same in the next run.
        with matplotlib.rc_context({"svg.hashsalt": f"{self.title}-{len(self._parts)}", "svg.fonttype": "none"}):
            figure.savefig(memory, format="svg", bbox_inches="tight", facecolor="white", metadata={"Date": None})
        svg = memory.getvalue()
        svg = re.sub(r"\s*<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
        self._figure(svg, caption)

    def picture(self, picture: NDArray[np.uint8] | Image.Image, caption: str = "") -> None:
        """An (H,W,3) or (H,W) uint8 sRGB array or a Pillow image, inlined as WebP of high quality."""
        image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
        memory = io.BytesIO()
        if max(image.size) < 16384:  # WebP's limit
            image.convert("RGB").save(memory, "WEBP", quality=90)
            kind = "webp"
        else:
            image.convert("RGB").save(memory, "JPEG", quality=92)
            kind = "jpeg"
        data = base64.b64encode(memory.getvalue()).decode("ascii")
        size = f'width="{image.width}" height="{image.height}"'
        source = f"data:image/{kind};base64,{data}"
        self._figure(f'<img {size} alt="{html.escape(caption, quote=True)}" src="{source}">', caption)

    def _figure(self, content: str, caption: str) -> None:
        below = f"<figcaption>{html.escape(caption)}</figcaption>" if caption else ""
        self._parts.append(f"<figure>{content}{below}</figure>")

    def html(self) -> str:
        """The whole file."""
        title = html.escape(self.title)
        return (
            f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">\n<title>{title}</title>\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<style>{_STYLE}</style></head>\n<body>\n<h1>{title}</h1>\n"
            + "\n".join(self._parts)
            + "\n</body></html>\n"
        )

    def save(self, path: str | Path) -> Path:
        """Write the file: all of it, in place of an earlier one. Raises OutputError."""
        with atomic_write(path, overwrite=True) as stream:
            stream.write(self.html().encode())
        return Path(path)


def show(value: object) -> str:
    """A cell: floats with four significant digits, whole numbers with their thousands apart, None as a dash."""
    if value is None or (isinstance(value, (float, np.floating)) and not np.isfinite(value)):
        return "–"
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (int, np.integer)):
        return f"{int(value):,}"
    if isinstance(value, (float, np.floating)):
        return f"{float(value):,.4g}" if abs(value) < 1000 else f"{float(value):,.0f}"
    return str(value)


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool))
