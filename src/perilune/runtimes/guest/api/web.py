"""URLs and paths."""

from perilune.runtimes.guest.api.model import ArgType, GuestFunction, arg

URL = (
    GuestFunction(
        module="url",
        name="parse",
        args=(arg("text"),),
        returns="table, nil | nil, err",
        summary=(
            "Takes a URL apart: scheme, host (with port), path, fragment, query (table; repeated "
            "names as arrays), and username and password if there are any, all decoded."
        ),
        example='local parts, err = url.parse("https://example.org/search?q=lamp")',
    ),
    GuestFunction(
        module="url",
        name="build",
        args=(arg("parts", ArgType.TABLE),),
        returns="string | nil, err",
        summary="Makes a URL of the table that url.parse returns, escaping what must be.",
        example=(
            'local link, err = url.build({ scheme = "https", host = "example.org", '
            'path = "/search", query = { q = "a lamp" } })'
        ),
    ),
    GuestFunction(
        module="url",
        name="join",
        args=(arg("base"), arg("reference")),
        returns="string | nil, err",
        summary="What a reference found at a base URL means, as a browser resolves links.",
        example='local link, err = url.join("https://example.org/docs/intro", "../about")',
    ),
    GuestFunction(
        module="url",
        name="encode",
        args=(arg("text"),),
        returns="string",
        summary="Escapes a name or a value of a query; blanks become +.",
        example='local query = "q=" .. url.encode("a lamp & more")',
    ),
    GuestFunction(
        module="url",
        name="encode_path",
        args=(arg("text"),),
        returns="string",
        summary="Escapes text as one segment of a path: blanks become %20, slashes %2F.",
        example='local path = "/files/" .. url.encode_path("a/b c.txt")',
    ),
    GuestFunction(
        module="url",
        name="decode",
        args=(arg("text"),),
        returns="string, nil | nil, err",
        summary="Undoes url.encode.",
        example='local text, err = url.decode("a+lamp%21")',
    ),
)

_PATH = arg("path")
_PATTERN = arg("pattern")
_FILL = (
    _PATTERN,
    arg("params", ArgType.TABLE, optional=True),
    arg("options", ArgType.TABLE, optional=True),
)
_FILL_RULES = (
    ":name and a final *name are replaced by escaped values of params; names without a value "
    "stay, or raise an error with the option strict"
)

ROUTER = (
    GuestFunction(
        module="router",
        name="match",
        args=(_PATH, _PATTERN),
        returns="boolean",
        summary=(
            "Whether a path fits a pattern: :name is one segment, a final * or *name one or more."
        ),
        example='local is_user = router.match(event.relativePath, "/users/:id")',
    ),
    GuestFunction(
        module="router",
        name="params",
        args=(_PATH, _PATTERN),
        returns="table",
        summary="What the names of a pattern stand for in a path; empty if it does not fit.",
        example='local id = router.params(event.relativePath, "/users/:id").id',
    ),
    GuestFunction(
        module="router",
        name="path",
        args=_FILL,
        returns="string",
        summary=f"The path of this function followed by a pattern: {_FILL_RULES}.",
        example='local path = router.path("/users/:id", { id = 7 })',
    ),
    GuestFunction(
        module="router",
        name="url",
        args=_FILL,
        returns="string",
        summary="The same as router.path, after the base URL of the server.",
        example='local link = router.url("/users/:id", { id = 7 }, { strict = true })',
    ),
    GuestFunction(
        module="router",
        name="new",
        args=(),
        returns="table",
        summary=(
            "A table of routes: get, post, put, patch, delete, head and any take a pattern and "
            "handler(event, params); dispatch(event) returns what the first that fits returns, "
            "or a response with status 404 or 405."
        ),
        example=(
            "local routes = router.new()\n"
            'routes:get("/users/:id", function(event, params)\n'
            '  return { body = "user " .. params.id }\n'
            "end)\n"
            "local response = routes:dispatch(event)"
        ),
    ),
)
