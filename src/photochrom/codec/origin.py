"""What made the colours, written into the file's XMP, so that nobody takes them for evidence.

IPTC's term for a photograph with parts that a trained model made is the digital source type
compositeWithTrainedAlgorithmicMedia (https://cv.iptc.org/newscodes/digitalsourcetype/); other programs show it.
"""

import html
import re

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
_EMPTY = (
    b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)
_END = re.compile(rb"</rdf:RDF\s*>")
_ATTRIBUTE = re.compile(rb"""\s+Iptc4xmpExt:DigitalSourceType\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_ELEMENT = re.compile(
    rb"<Iptc4xmpExt:DigitalSourceType\b[^>]*?(?:/>|>(.*?)</Iptc4xmpExt:DigitalSourceType\s*>)", re.DOTALL
)
_OURS = re.compile(rb'<rdf:Description [^>]*xmlns:photochrom="[^>]*/>')


def with_origin(xmp: bytes, *, software: str, model: str, settings: str) -> bytes:
    """The packet with what made the colours; all else that it says stays, such as titles, authors and rights.

    software: name and version. model: name and hash. settings: as JSON. A digital source type that stood there, "a
    scan of a negative" say, is kept as photochrom:OriginalDigitalSourceType. One that can't be read gives way.
    """
    packet = xmp if _END.search(xmp) else _EMPTY
    packet = _OURS.sub(b"", packet)
    before = _ATTRIBUTE.search(packet) or _ELEMENT.search(packet)
    was = next((part for part in before.groups() if part), b"") if before else b""
    packet = _ELEMENT.sub(b"", _ATTRIBUTE.sub(b"", packet))
    said = {
        "Iptc4xmpExt:DigitalSourceType": SOURCE_TYPE,
        "photochrom:Software": software,
        "photochrom:Model": model,
        "photochrom:Settings": settings,
        "photochrom:Colours": "plausible guesses of a network, not evidence",
    }
    original = was.decode("utf-8", "replace").strip()
    if original and original != SOURCE_TYPE and "<" not in original:
        said["photochrom:OriginalDigitalSourceType"] = original
    told = "".join(f" {name}={_quoted(value)}" for name, value in said.items())
    description = (
        '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
        f'xmlns:photochrom="https://photochrom.invalid/ns/1.0/"{told}/>'
    )
    return _END.sub(lambda end: description.encode() + end[0], packet, count=1)


def _quoted(value: str) -> str:
    """As an attribute of XML. That of xml.sax brings Python's network modules with it, which take 30 ms."""
    escaped = html.escape(value)
    for character in "\t\n\r":
        escaped = escaped.replace(character, f"&#{ord(character)};")
    return f'"{escaped}"'
