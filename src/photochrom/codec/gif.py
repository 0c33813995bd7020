"""Whether a GIF goes to its end: its blocks walked (GIF89a specification)."""


def is_ended(data: bytes) -> bool:
    """Whether every block is whole and the trailer is there. Nothing is decoded."""
    try:
        at = 13 + _table(data[10])
        while (kind := data[at]) != 0x3B:
            if kind == 0x21:  # an extension: its label, then sub-blocks
                at = _after_blocks(data, at + 2)
            elif kind == 0x2C:
                at = _after_blocks(data, at + 10 + _table(data[at + 9]) + 1)
            else:
                return False
    except IndexError:
        return False
    return True


def _table(flags: int) -> int:
    """Bytes of the colour table that these flags tell of."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _after_blocks(data: bytes, at: int) -> int:
    while size := data[at]:
        at += 1 + size
    return at + 1
