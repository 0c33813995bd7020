"""Files say that a network made their colours, whatever their format, and keep what they said before."""

import io

import numpy as np
import pytest
from PIL import Image

from photochrom.codec.origin import SOURCE_TYPE, with_origin
from photochrom.photo import Photo

TITLED = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:title="The tram" '
    b'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
    b'Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/negativeFilm"/>'
    b"</rdf:RDF></x:xmpmeta>"
)


def marked(xmp: bytes) -> bytes:
    return with_origin(xmp, software="photochrom 1", model='a "model" & more', settings='{"strength": 1.0}')


def properties(xmp: bytes) -> dict[str, str]:
    from xml.etree import ElementTree

    start = xmp.index(b"<x:xmpmeta")
    tree = ElementTree.fromstring(xmp[start : xmp.index(b"</x:xmpmeta>") + 12])
    return {name.partition("}")[2]: value for element in tree.iter() for name, value in element.attrib.items()}


def test_what_stood_there_stays() -> None:
    told = properties(marked(TITLED))
    assert told["title"] == "The tram" and told["DigitalSourceType"] == SOURCE_TYPE
    assert told["OriginalDigitalSourceType"].endswith("negativeFilm") and told["Model"] == 'a "model" & more'


def test_twice_is_once() -> None:
    once = marked(TITLED)
    assert once.count(b"DigitalSourceType=") == 2
    again = marked(once)
    assert again.count(b"photochrom:Model=") == 1


@pytest.mark.parametrize("xmp", [b"", b"no packet", b"<x:xmpmeta>"])
def test_without_a_packet_one_is_made(xmp: bytes) -> None:
    assert properties(marked(xmp))["DigitalSourceType"] == SOURCE_TYPE


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_format_keeps_it(format: str, dtype: type) -> None:
    photo = Photo.from_array(np.zeros((20, 30, 3), dtype)).with_origin(model="m", settings={"strength": 1})
    data = photo.encode(format=format)
    assert SOURCE_TYPE.encode() in Photo.open(data).xmp
    with Image.open(io.BytesIO(data)) as image:  # another reader finds it too
        found = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or image.tag_v2[700]
    assert SOURCE_TYPE in (found if isinstance(found, str) else found.decode())
