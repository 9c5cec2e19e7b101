"""The routes of the management API, one module per subject.

Each module has a function that adds its routes to a `RouteTable`.  What a route
accepts and answers is said where it is added; the served document comes from it.
"""

from perilune.api.routes.documents import add_document_routes
from perilune.api.routes.executions import add_execution_routes
from perilune.api.routes.functions import add_function_routes
from perilune.api.routes.table import RouteTable

__all__ = [
    "RouteTable",
    "add_document_routes",
    "add_execution_routes",
    "add_function_routes",
]
