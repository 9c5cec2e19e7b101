"""The web dashboard: files that the browser runs, and the application that serves them.

`static/js` holds the dashboard itself, plain modules without a build step;
`static/vendor` the libraries it uses, made by tools/vendor.
"""

from perilune.dashboard.site import Dashboard

__all__ = ["Dashboard"]
