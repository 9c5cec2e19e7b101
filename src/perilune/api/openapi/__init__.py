"""The OpenAPI document: made from the routes that are served and the types they declare.

`document.py` describes the management API, `outside.py` what is served beside it,
`schemas.py` turns types into JSON Schema.
"""

from perilune.api.openapi.document import describe_api

__all__ = ["describe_api"]
