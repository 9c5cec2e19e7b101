"""Text: json, base64 and strings."""

from perilune.runtimes.guest_api.model import ArgType, GuestFunction, arg

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

BASE64: tuple[GuestFunction, ...] = ()

STRINGS: tuple[GuestFunction, ...] = ()
