"""The packages that versions require: what they may ask for, and the sets that are installed."""

from perilune.runtimes.packages.requirements import RequirementsError
from perilune.runtimes.packages.sets import Packages, PackagesError, remove_leftovers

__all__ = ["Packages", "PackagesError", "RequirementsError", "remove_leftovers"]
