"""Takes over the database of a Lunar installation.

`copying` recognises such a file and copies it without ever writing to it, `transfer` carries
its rows into a store of Perilune in one transaction, `takeover` does both, beside an existing
file or in its place.  What becomes of which row: docs/how-to/take-over-lunar.md.
"""

from perilune.store.lunar.copying import LUNAR_VERSIONS, UnusableLunarFile, is_lunar_file
from perilune.store.lunar.takeover import StoreNotEmpty, import_lunar, take_over
from perilune.store.lunar.transfer import LunarReport, Progress, TableReport

__all__ = [
    "LUNAR_VERSIONS",
    "LunarReport",
    "Progress",
    "StoreNotEmpty",
    "TableReport",
    "UnusableLunarFile",
    "import_lunar",
    "is_lunar_file",
    "take_over",
]
