"""The eras and processes that have a name: one row each, with what its numbers are based on.

Only 1900s is measured. The others are set by eye after what is written of the process; who has a folder of period
pictures learns a better one from it (photochrom era learn).
"""

from photochrom.color.era import Era, find_era

_ROWS = (
    Era(
        name="1900s",
        basis="Measured: learned from nine three-colour plates of 1905-15, as photochrom era learn does.",
        mean=(2.89, 13.3),
        matrix=((1.1, 0.244), (-0.357, 1.261)),
        agree=0.66,
    ),
    Era(
        name="autochrome",
        basis="By eye: light mixed through dyed grains of starch, orange, green and violet (Lumière, 1907), is pale, "
        "least so in orange and green; whites are warm, shadows faintly violet.",
        mean=(3.0, 9.0),
        matrix=((0.72, 0.0), (0.0, 0.62)),
        tone=((3.0, -4.0), (2.0, -1.0), (0.0, 2.0), (0.0, 5.0), (0.0, 7.0)),
    ),
    Era(
        name="1930s",
        basis="By eye: screen films and the first films with dyes in the layers (Dufaycolor 1935, Agfacolor Neu 1936), "
        "of middling chroma, with brownish shadows and creamy whites.",
        mean=(4.0, 10.0),
        matrix=((0.85, 0.05), (0.0, 0.8)),
        tone=((4.0, 2.0), (2.0, 2.0), (0.0, 1.0), (0.0, 3.0), (0.0, 5.0)),
    ),
    Era(
        name="technicolor",
        basis="By eye: three separations through a prism, printed with pure dyes (1932-55), which hardly mix: strong "
        "reds, yellows and blue-greens beside neutral greys.",
        mean=(3.0, 7.0),
        matrix=((1.55, 0.1), (0.0, 1.45)),
        agree=0.72,
    ),
    Era(
        name="kodachrome",
        basis="By eye: slide film whose dyes are added in processing (1936-2009): warm, deep reds, clear yellows, cool "
        "shadows.",
        mean=(4.0, 8.0),
        matrix=((1.4, 0.12), (0.0, 1.25)),
        agree=0.66,
        tone=((-1.0, -5.0), (0.0, -3.0), (0.0, 0.0), (1.0, 2.0), (1.0, 3.0)),
    ),
    Era(
        name="1950s",
        basis="By eye: prints from colour negatives with couplers: warm, reds and skin strong, blues weak.",
        mean=(5.0, 10.0),
        matrix=((1.2, 0.1), (0.0, 1.05)),
        tone=((0.0, -2.0), (0.0, 0.0), (1.0, 1.0), (1.0, 2.0), (0.0, 3.0)),
    ),
    Era(
        name="1970s",
        basis="By eye, after the fading of the cyan dye in the dark that Wilhelm and Brower describe (The Permanence "
        "and Care of Color Photographs, 1993): a red cast, strongest in the shadows, and yellowed whites.",
        mean=(9.0, 11.0),
        matrix=((1.0, 0.05), (0.0, 0.85)),
        tone=((7.0, -1.0), (5.0, 0.0), (3.0, 2.0), (1.0, 4.0), (0.0, 6.0)),
    ),
    Era(
        name="hand-tinted",
        basis="By eye: a print toned brown, washed with a few transparent dyes: rose and flesh, straw, sky blue, leaf "
        "green; shadows and what was not painted stay brown.",
        mean=(4.0, 11.0),
        matrix=((1.0, 0.0), (0.0, 0.9)),
        tone=((2.0, 5.0), (4.0, 10.0), (3.0, 8.0), (1.0, 5.0), (0.0, 4.0)),
        palette=((16.0, 18.0), (28.0, 6.0), (2.0, 28.0), (-5.0, -20.0), (-16.0, 20.0), (6.0, 12.0)),
        pull=0.7,
    ),
)
ERAS = {era.name: era for era in _ROWS}


def era_of(name_or_path: str) -> Era:
    """The row of that name, or the .json of an era that was learned. Raises UsageError, naming the nearest."""
    return find_era(name_or_path, ERAS)
