"""The outside world: http, ai and email."""

from perilune.runtimes.guest.api.model import ArgType, Argument, GuestFunction, arg

_URL = arg("url")
_OPTIONS = arg("options", ArgType.TABLE, optional=True)
_BODY_OPTIONS = "body, json or form"


def _http(name: str, args: tuple[Argument, ...], summary: str, example: str) -> GuestFunction:
    return GuestFunction(
        module="http",
        name=name,
        args=args,
        returns="response, nil | nil, err",
        summary=summary,
        example=example,
        runs_on_host=True,
    )


HTTP = (
    _http(
        "get",
        (_URL, _OPTIONS),
        "Sends a GET request; any status is a response: { statusCode, headers, multiHeaders, "
        "body, url }. Options: headers, query, timeout (seconds), followRedirects, maxBytes.",
        'local res, err = http.get("https://example.org/items", { query = { page = 2 } })',
    ),
    _http(
        "head",
        (_URL, _OPTIONS),
        "Sends a HEAD request; options as for http.get.",
        'local res, err = http.head("https://example.org/")',
    ),
    _http(
        "post",
        (_URL, _OPTIONS),
        f"Sends a POST request; options as for http.get, and {_BODY_OPTIONS}.",
        'local res, err = http.post("https://example.org/items", { json = { name = "lamp" } })',
    ),
    _http(
        "put",
        (_URL, _OPTIONS),
        f"Sends a PUT request; options as for http.get, and {_BODY_OPTIONS}.",
        'local res, err = http.put("https://example.org/items/7", { body = "lamp" })',
    ),
    _http(
        "patch",
        (_URL, _OPTIONS),
        f"Sends a PATCH request; options as for http.get, and {_BODY_OPTIONS}.",
        'local res, err = http.patch("https://example.org/items/7", { json = { stock = 3 } })',
    ),
    _http(
        "delete",
        (_URL, _OPTIONS),
        f"Sends a DELETE request; options as for http.get, and {_BODY_OPTIONS}.",
        'local res, err = http.delete("https://example.org/items/7")',
    ),
    _http(
        "request",
        (arg("method"), _URL, _OPTIONS),
        f"Sends a request with any method; options as for http.get, and {_BODY_OPTIONS}.",
        'local res, err = http.request("OPTIONS", "https://example.org/")',
    ),
)

AI = (
    GuestFunction(
        module="ai",
        name="chat",
        args=(arg("options", ArgType.TABLE),),
        returns="response, nil | nil, err",
        summary=(
            "Asks a model: provider (openai or anthropic), model, messages ({ role, content }), "
            "max_tokens, temperature, endpoint. The response is { content, model, usage = "
            "{ input_tokens, output_tokens } }."
        ),
        example=(
            'local answer, err = ai.chat({ provider = "openai", model = "gpt-4o-mini", '
            'messages = { { role = "user", content = "Say hello" } } })'
        ),
        runs_on_host=True,
    ),
)

EMAIL = (
    GuestFunction(
        module="email",
        name="send",
        args=(arg("options", ArgType.TABLE),),
        returns="{ id }, nil | nil, err",
        summary=(
            "Sends an e-mail: from, to, subject, text or html, cc, bcc, reply_to, headers, tags, "
            "scheduled_at, attachments ({ filename, content, content_type })."
        ),
        example=(
            'local sent, err = email.send({ from = "shop@example.org", to = "you@example.org", '
            'subject = "Your order", text = "It is on its way." })'
        ),
        runs_on_host=True,
    ),
)
