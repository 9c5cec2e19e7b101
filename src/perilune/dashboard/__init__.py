"""The web dashboard: files that the browser runs, and the application that serves them.

`frontend` holds the sources; `make dashboard` builds them into `static`, which is what is served.
The built files are kept in the repository: neither running nor installing needs node.
"""

from perilune.dashboard.site import Dashboard

__all__ = ["Dashboard"]
