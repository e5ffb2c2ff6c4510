# /// script
# requires-python = ">=3.11"
# dependencies = ["fonttools==4.68.0", "brotli"]
# ///
"""Make the small fonts of the report from the published fonts: `uv run subset.py FOLDER`.

Run it by hand when the characters or the fonts change. FOLDER contains the unpacked npm packages source-serif 4.5.1,
source-sans 3.52.0, source-code-pro 2.42.0 and @fontsource/stix-two-math 5.3.0 (all under the SIL Open Font License
1.1), each as FOLDER/<name>/. "Source" and "TM Math" are reserved font names, so the subsets are called Report Serif,
Sans, Mono and Math. Each face is written twice: as .otf for Typst and as .woff2 for the HTML file, which embeds it.
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

PROSE = [
        *range(0x20, 0x7F), *range(0xA0, 0x180), *range(0x391, 0x3AA), *range(0x3B1, 0x3CA), 0x3D1, 0x3D5,
    0x3F5, 0x218, 0x219, 0x2BC, 0x2C6, 0x2DA, 0x2DC, *range(0x2007, 0x2016), *range(0x2018, 0x2023),
    0x2026, 0x202F, 0x2030, 0x2032, 0x2033, 0x2039, 0x203A, 0x2044, *range(0x2070, 0x208F), 0x20AC,
    0x2113, 0x2116, 0x2122, *range(0x2150, 0x215F), *range(0x2190, 0x2194), 0x2202, 0x2206, 0x220F,
    0x2211, 0x2212, 0x2215, 0x221A, 0x221E, 0x222B, 0x2248, 0x2260, 0x2264, 0x2265, 0x2022, 0x25A0,
    0x25A1, 0x25B2, 0x25B3, 0x25BC, 0x25C6, 0x25C7, 0x25CB, 0x25CF, 0x2713, 0x2717, 0xFB01, 0xFB02,
]  # fmt: skip
CODE = [
    *range(0x20, 0x7F),
    0xA0,
    0xA7,
    0xB1,
    0xB2,
    0xB3,
    0xB7,
    0xBD,
    0xD7,
    0x3B1,
    0x3B5,
    0x2013,
    0x2018,
    0x2019,
]
CODE += [0x201C, 0x201D, 0x2026, 0x2190, 0x2192, 0x2212, 0x2264, 0x2265, 0x2248]
MATH = [
        *range(0x20, 0x7F), *range(0xA0, 0x100), *range(0x2C6, 0x2DE), *range(0x300, 0x315), 0x302, 0x303,
    0x338, *range(0x391, 0x3F6), *range(0x2010, 0x2058), 0x2057, *range(0x2061, 0x2065), *range(0x2070,
    0x208F), *range(0x20D0, 0x20DD), 0x2102, 0x210B, 0x210E, 0x210F, 0x2110, 0x2112, 0x2113, 0x2115,
    0x211D, 0x2124, 0x212C, 0x2130, 0x2131, 0x2133, *range(0x2190, 0x219A), 0x21A6, *range(0x21D0,
    0x21D5), *range(0x2200, 0x2214), *range(0x2215, 0x223E), 0x2243, 0x2245, 0x2248, 0x2254, 0x2260,
    0x2261, *range(0x2264, 0x226C), *range(0x2282, 0x2288), *range(0x2295, 0x229A), 0x22A4, 0x22A5,
    0x22C5, *range(0x22EE, 0x22F2), *range(0x2308, 0x230C), *range(0x239B, 0x23B8), *range(0x23DC,
    0x23E2), 0x25CB, 0x25CF, 0x27E8, 0x27E9, 0x27F5, 0x27F6, 0x27F9, 0x2A7D, 0x2A7E, 0x22A4,
    *range(0x1D400, 0x1D468), 0x1D49C, 0x1D4A9, *range(0x1D6A4, 0x1D71C), *range(0x1D7CE, 0x1D7D8),
]  # fmt: skip
SERIF, SANS = "source-serif/OTF/SourceSerif4", "source-sans/OTF/SourceSans3"
FACES = {  # file: (family, style, source, code points)
    "serif-regular": ("Report Serif", "Regular", f"{SERIF}-Regular.otf", PROSE),
    "serif-italic": ("Report Serif", "Italic", f"{SERIF}-It.otf", PROSE),
    "serif-bold": ("Report Serif", "Bold", f"{SERIF}-Semibold.otf", PROSE),
    "sans-regular": ("Report Sans", "Regular", f"{SANS}-Regular.otf", PROSE),
    "sans-italic": ("Report Sans", "Italic", f"{SANS}-It.otf", PROSE),
    "sans-bold": ("Report Sans", "Bold", f"{SANS}-Semibold.otf", PROSE),
    "mono-regular": ("Report Mono", "Regular", "source-code-pro/OTF/SourceCodePro-Regular.otf", CODE),
    "math-regular": (
        "Report Math",
        "Regular",
        "stix-two-math/files/stix-two-math-latin-400-normal.woff2",
        MATH,
    ),
}
FEATURES = ["kern", "liga", "tnum", "lnum", "pnum", "mark", "mkmk", "ccmp", "locl", "frac", "ssty", "dtls"]


def main(folder: Path) -> None:
    """Write every face into the folder of this file."""
    for name, (family, style, source, points) in FACES.items():
        for flavour in ("otf", "woff2"):
            font = TTFont(folder / source)
            options = subset.Options(
                layout_features=FEATURES,
                notdef_outline=True,
                hinting=False,
                desubroutinize=False,
                name_IDs=[0, 13, 14],
            )
            worker = subset.Subsetter(options)
            worker.populate(unicodes=points)
            worker.subset(font)
            rename(font, family, style)
            font.flavor = "woff2" if flavour == "woff2" else None
            font["head"].modified = font["head"].created
            font.recalcTimestamp = False
            target = Path(__file__).parent / f"{name}.{flavour}"
            font.save(target)
            print(target.name, target.stat().st_size)


def rename(font: TTFont, family: str, style: str) -> None:
    """Set the name of the font, and the weight and slant of its style."""
    postscript = f"{family.replace(' ', '')}-{style}"
    for number, text in ((1, family), (2, style), (3, postscript), (4, f"{family} {style}"), (6, postscript)):
        font["name"].setName(text, number, 3, 1, 0x409)
    if "CFF " in font:
        top = font["CFF "].cff
        top.fontNames = [postscript]
        top.topDictIndex[0].FamilyName = family
        top.topDictIndex[0].FullName = f"{family} {style}"
        top.topDictIndex[0].Weight = style
    font["OS/2"].usWeightClass = 700 if style == "Bold" else 400
    bold, italic = style == "Bold", style == "Italic"
    font["OS/2"].fsSelection = (font["OS/2"].fsSelection & ~0x61) | (0x20 if bold else 0x01 if italic else 0x40)
    font["head"].macStyle = 1 if bold else 2 if italic else 0


if __name__ == "__main__":
    main(Path(sys.argv[1]))
