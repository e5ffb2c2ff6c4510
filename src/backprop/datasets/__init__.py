"""MNIST and Fashion-MNIST as checked arrays; the only package that imports torchvision.

`data.source` in the configuration chooses the source:

    auto      a local copy if there is one, otherwise a download, otherwise the stand-in
    download  torchvision's mirrors; an error if none of them delivers
    bundled   the stand-in: the handwritten digits of scikit-learn, enlarged to 28 × 28
    <path>    a folder in torchvision's layout (<path>/MNIST/raw/*.gz); an error if an archive is missing or damaged

A local copy is in the folder that the environment variable BACKPROP_DATA names, or in `data/` of the project.
BACKPROP_MIRROR names a mirror with the same layout, which is tried before torchvision's own mirrors.

An archive is used only if it has the published MD5. Arrays are written only if they have the recorded SHA-256. Every
file is complete and checked before it gets its final name.

`sets` reads a data set, `sources` chooses the source and writes the data set, `archives` checks and decodes the
official archives, `downloads` asks the mirrors, and `digits` makes the stand-in.
"""

from backprop.datasets.archives import FILES, NAMES, SHA256
from backprop.datasets.digits import enlarged
from backprop.datasets.downloads import MIRROR, DownloadError
from backprop.datasets.sets import Set, is_stand_in, load
from backprop.datasets.sources import LOCAL, SOURCES, check_source, fetch, local_root

__all__ = [
    "FILES",
    "LOCAL",
    "MIRROR",
    "NAMES",
    "SHA256",
    "SOURCES",
    "DownloadError",
    "Set",
    "check_source",
    "enlarged",
    "fetch",
    "is_stand_in",
    "load",
    "local_root",
]
