"""Masking: hides secrets in the copies of requests, answers and logs that are stored.

Functions and clients always see the originals.  What is hidden, and what
deliberately is not, is described in `docs/reference/masking.md`.
"""

from perilune.masking.masker import DEFAULT_MASKER, QUICK_CHARS, Masker
from perilune.masking.text import REDACTED
from perilune.masking.thread import MaskingThread

__all__ = ["DEFAULT_MASKER", "QUICK_CHARS", "REDACTED", "Masker", "MaskingThread"]
