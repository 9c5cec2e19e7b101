"""An interpreter with the rights of workers for JavaScript, which stays Python to use them."""

from perilune.worker.javascript.launcher import PROFILE as PROFILE
from tests.worker.hostile_interpreter import serve as serve
