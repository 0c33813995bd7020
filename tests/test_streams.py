"""What a name looks like on a terminal."""

import pytest

from photochrom.streams import printable


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("größe 日本 🐈.png", "größe 日本 🐈.png"),
        ("\x1b[31mred\x07.png", "\\x1b[31mred\\x07.png"),
        ("two\nlines\r.png", "two\\nlines\\r.png"),
        ("a\u202egpj.exe", "a\\u202egpj.exe"),
        ("a\u2066b\u2028c\x9bd", "a\\u2066b\\u2028c\\x9bd"),
        ("caf\udce9.png", "caf\\xe9.png"),
        ("\ud800", "\\ud800"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_printable(name: str, shown: str) -> None:
    assert printable(name) == shown
