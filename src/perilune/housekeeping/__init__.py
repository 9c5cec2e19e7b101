"""Keeps the store small: deletes expired records, and returns their space.

Shortly after the start, every full hour, and when the disk asks for it.  What is due and how it is
deleted is the store's business; this package knows when, and with what result.
"""

from perilune.housekeeping.housekeeper import (
    CleanupTotals,
    Housekeeper,
    PackageSets,
    open_housekeeping,
)

__all__ = ["CleanupTotals", "Housekeeper", "PackageSets", "open_housekeeping"]
