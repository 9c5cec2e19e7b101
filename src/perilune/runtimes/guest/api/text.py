"""Text: json, base64 and strings."""

from perilune.runtimes.guest.api.model import ArgType, Argument, GuestFunction, arg

JSON = (
    GuestFunction(
        module="json",
        name="encode",
        args=(arg("value", ArgType.ANY), arg("options", ArgType.TABLE, optional=True)),
        returns="string | nil, err",
        summary="Turns a value into JSON text; options: pretty, escape_html.",
        example='local text = json.encode({ name = "lamp" })',
    ),
    GuestFunction(
        module="json",
        name="decode",
        args=(arg("text"), arg("options", ArgType.TABLE, optional=True)),
        returns="value | nil, err",
        summary="Reads JSON text; the option null keeps null members as json.null.",
        example="local value, err = json.decode(event.body)",
    ),
    GuestFunction(
        module="json",
        name="array",
        args=(arg("items", ArgType.TABLE),),
        returns="table",
        summary="Marks a table so that it is encoded as an array, even when it is empty.",
        example="local text = json.encode(json.array({}))",
    ),
    GuestFunction(
        module="json",
        name="object",
        args=(arg("members", ArgType.TABLE),),
        returns="table",
        summary="Marks a table so that it is encoded as an object, whatever its keys are.",
        example='local text = json.encode(json.object({ "a" }))',
    ),
)

BASE64 = (
    GuestFunction(
        module="base64",
        name="encode",
        args=(arg("data"),),
        returns="string",
        summary="Writes bytes as base64 in the standard alphabet, with padding.",
        example='local text = base64.encode("hello")',
    ),
    GuestFunction(
        module="base64",
        name="decode",
        args=(arg("text"),),
        returns="string, nil | nil, err",
        summary="Reads padded base64 in the standard alphabet; line breaks are ignored.",
        example='local data, err = base64.decode("aGVsbG8=")',
    ),
    GuestFunction(
        module="base64",
        name="url_encode",
        args=(arg("data"),),
        returns="string",
        summary="Writes bytes as base64 in the URL-safe alphabet, without padding.",
        example='local text = base64.url_encode("hello")',
    ),
    GuestFunction(
        module="base64",
        name="url_decode",
        args=(arg("text"),),
        returns="string, nil | nil, err",
        summary="Reads base64 in the URL-safe alphabet, with padding or without it.",
        example='local data, err = base64.url_decode("aGVsbG8")',
    ),
)

_TEXT = (arg("text"),)


def _strings(
    name: str,
    summary: str,
    example: str,
    *,
    args: tuple[Argument, ...] = _TEXT,
    returns: str = "string",
) -> GuestFunction:
    return GuestFunction(
        module="strings",
        name=name,
        args=args,
        returns=returns,
        summary=summary,
        example=example,
    )


STRINGS = (
    _strings(
        "trim",
        "Removes all Unicode white space from both ends.",
        'local name = strings.trim("  lamp  ")',
    ),
    _strings(
        "trimLeft",
        "Removes spaces, tabs and line breaks (no other white space) from the beginning.",
        'local name = strings.trimLeft("  lamp")',
    ),
    _strings(
        "trimRight",
        "Removes spaces, tabs and line breaks (no other white space) from the end.",
        'local name = strings.trimRight("lamp  ")',
    ),
    _strings(
        "split",
        "Cuts text at each separator; an empty separator cuts it into characters.",
        'local parts = strings.split("a,b,c", ",")',
        args=(*_TEXT, arg("separator")),
        returns="table",
    ),
    _strings(
        "join",
        "Puts the items of a list together, with a separator between them.",
        'local text = strings.join({ "a", "b" }, ", ")',
        args=(arg("items", ArgType.TABLE), arg("separator")),
    ),
    _strings(
        "hasPrefix",
        "Tells whether text begins with the prefix.",
        'local is_api = strings.hasPrefix(event.path, "/api/")',
        args=(*_TEXT, arg("prefix")),
        returns="boolean",
    ),
    _strings(
        "hasSuffix",
        "Tells whether text ends with the suffix.",
        'local is_image = strings.hasSuffix(event.path, ".png")',
        args=(*_TEXT, arg("suffix")),
        returns="boolean",
    ),
    _strings(
        "contains",
        "Tells whether text contains the part, which is no pattern.",
        'local found = strings.contains("a lamp", "lamp")',
        args=(*_TEXT, arg("part")),
        returns="boolean",
    ),
    _strings(
        "replace",
        "Replaces text, which is no pattern, everywhere or the first n times.",
        'local text = strings.replace("a.b.c", ".", "/")',
        args=(*_TEXT, arg("old"), arg("new"), arg("n", ArgType.INT, optional=True)),
    ),
    _strings(
        "toLower",
        "Maps text to lower case, character by character in all of Unicode.",
        'local text = strings.toLower("ÉCOLE")',
    ),
    _strings(
        "toUpper",
        "Maps text to upper case, character by character in all of Unicode.",
        'local text = strings.toUpper("école")',
    ),
    _strings(
        "rep",
        "Repeats text n times.",
        'local line = strings.rep("-", 20)',
        args=(*_TEXT, arg("n", ArgType.INT)),
    ),
    _strings(
        "repeat",
        "The same as rep; needs brackets and quotes, since repeat is a keyword of Lua.",
        'local text = strings["repeat"]("ab", 3)',
        args=(*_TEXT, arg("n", ArgType.INT)),
    ),
)
