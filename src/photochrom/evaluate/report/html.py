"""One HTML file with everything in it: text, tables, plots and pictures; nothing is fetched when it is opened."""

from __future__ import annotations

import base64
import functools
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2
import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray
from PIL import Image

from photochrom.atomic import atomic_write
from photochrom.evaluate.report.cells import is_number, show

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WEBP_LIMIT = 16384  # px: as wide or high a WebP can't be


class Page:
    """A report that is filled from top to bottom and saved as one self-contained HTML file.

    It reads well in dark and light, on a phone and on a wide screen, and holds no date: the same content gives the
    same bytes. What it is given is text, never HTML. Its look is in templates/.
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self._parts: list[dict[str, object]] = []

    def heading(self, text: str) -> None:
        """A second-level heading."""
        self._parts.append({"kind": "heading", "text": text})

    def text(self, text: str) -> None:
        """Plain text; an empty line begins a new paragraph."""
        self._parts += [{"kind": "paragraph", "text": part.strip()} for part in text.split("\n\n") if part.strip()]

    def table(self, rows: Sequence[Mapping[str, object]], caption: str = "") -> None:
        """One line for each mapping; columns are the keys in the order they first appear, None or no key a dash."""
        names = list(dict.fromkeys(name for row in rows for name in row))
        self._parts.append(
            {
                "kind": "table",
                "names": names,
                "numeric": {name for name in names if all(is_number(row.get(name)) for row in rows)},
                "rows": [{name: show(row.get(name)) for name in names} for row in rows],
                "caption": caption,
            }
        )

    def figure(self, figure: Figure, caption: str = "") -> None:
        """A matplotlib figure, as inline SVG (sharp at any size, its text can be searched)."""
        from photochrom.evaluate.report.svg import svg_of

        svg = svg_of(figure, salt=f"{self.title}-{len(self._parts)}").decode()
        svg = re.sub(r"\s*<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
        self._parts.append({"kind": "plot", "svg": Markup(svg), "caption": caption})  # noqa: S704  matplotlib escapes

    def picture(self, picture: NDArray[np.uint8] | Image.Image, caption: str = "") -> None:
        """An (H,W,3) or (H,W) uint8 sRGB array or a Pillow image, inlined as WebP of high quality."""
        image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
        kind, quality = ("webp", 90) if max(image.size) < _WEBP_LIMIT else ("jpeg", 92)
        memory = io.BytesIO()
        image.convert("RGB").save(memory, kind, quality=quality)
        data = base64.b64encode(memory.getvalue()).decode("ascii")
        self._parts.append(
            {
                "kind": "picture",
                "width": image.width,
                "height": image.height,
                "source": f"data:image/{kind};base64,{data}",
                "caption": caption,
            }
        )

    def html(self) -> str:
        """The whole file."""
        return _templates().get_template("page.html").render(title=self.title, parts=self._parts)

    def save(self, path: str | Path) -> Path:
        """Write the file: all of it, in place of an earlier one. Raises OutputError."""
        with atomic_write(path, overwrite=True) as stream:
            stream.write(self.html().encode())
        return Path(path)


@functools.cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("photochrom.evaluate.report"),
        autoescape=True,
        trim_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
