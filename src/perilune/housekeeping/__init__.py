"""Keeps the store small: deletes what nobody keeps any more, and gives the room back.

Shortly after the start and every full hour.  What is due and how it is deleted is the
store's business; this room knows when, and what came of it.
"""

from perilune.housekeeping.housekeeper import (
    Figures,
    Housekeeper,
    PackageSets,
    open_housekeeping,
)

__all__ = ["Figures", "Housekeeper", "PackageSets", "open_housekeeping"]
