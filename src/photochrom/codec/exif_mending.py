"""A damaged EXIF block made sound in place: Pillow reads it while it opens a file, and warns of what is damaged."""

import struct

from PIL import TiffTags

# bytes of each kind of value
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_POINTERS = (0x8769, 0x8825, 0xA005)
_PREFIX = b"Exif\x00\x00"


def mended_exif(exif: bytes) -> bytes:
    """The EXIF block without the entries whose values lie beyond its end or are of no known kind; b"" if none is left.

    The same bytes if nothing is wrong. In place, as corrected_exif.
    """
    head = exif[: len(_PREFIX)] if exif.startswith(_PREFIX) else b""
    body = bytearray(exif[len(head) :])
    order = {b"II": "<", b"MM": ">"}.get(bytes(body[:2]))
    if order is None or len(body) < 8 or struct.unpack_from(order + "H", body, 2)[0] != 42:
        return b""
    if not _mend(body, struct.unpack_from(order + "I", body, 4)[0], order, set()):
        return b""
    return head + bytes(body)


def _mend(body: bytearray, at: int, order: str, seen: set[int], group: int | None = None) -> bool:
    """Leave the sound entries alone in the directory at `at`, those it points to, and the next; whether any is left."""
    if at in seen or at < 8 or at + 6 > len(body):
        return False
    seen.add(at)
    count = struct.unpack_from(order + "H", body, at)[0]
    fitting = min(count, (len(body) - at - 2) // 12)
    after = at + 2 + 12 * count
    following = struct.unpack_from(order + "I", body, after)[0] if after + 4 <= len(body) else 0
    entries = [bytes(body[at + 2 + 12 * i : at + 14 + 12 * i]) for i in range(fitting)]
    sound = [entry for entry in entries if _is_sound(body, entry, order, seen, group)]
    kept_following = following if following and _mend(body, following, order, seen) else 0
    if len(sound) != count or kept_following != following:
        end = struct.pack(order + "I", kept_following)[: max(0, len(body) - at - 2 - 12 * len(sound))]
        if len(end) < 4 and sound:  # no room for the pointer that must follow: one entry less
            sound, end = sound[:-1], bytes(4)
        new = struct.pack(order + "H", len(sound)) + b"".join(sound) + end
        body[at : at + len(new)] = new
    return bool(sound)


def _is_sound(body: bytearray, entry: bytes, order: str, seen: set[int], group: int | None) -> bool:
    tag, kind, count, value = struct.unpack(order + "HHII", entry)
    size = _SIZES.get(kind, 0) * count
    if not size or (size > 4 and value + size > len(body)):
        return False
    if tag in _POINTERS:
        return kind == 4 and count == 1 and _mend(body, value, order, seen, tag)
    # Pillow takes one value, or bytes, under these tags, by its main table or by the directory's own.
    known = [TiffTags.lookup(tag, table) for table in (None, group)]
    return count == 1 or kind in (2, 7) or not any(k.length == 1 or (k.type == 1 and kind != 1) for k in known)
