"""The types of the services whose clients are still to come: texts and meanings others rely on."""

import pytest

from perilune.errors import PeriluneError
from perilune.services.ai import AIConfigError, AIError, ChatRequest, ChatResponse, Message
from perilune.services.email import EmailConfigError, EmailError, SendRequest
from perilune.services.http import HTTPClientError, HTTPError, Request, Response


@pytest.mark.parametrize(
    ("status", "is_success", "is_error"),
    [
        pytest.param(199, False, False, id="informational"),
        pytest.param(200, True, False, id="ok"),
        pytest.param(299, True, False, id="last success"),
        pytest.param(300, False, False, id="redirect"),
        pytest.param(399, False, False, id="last redirect"),
        pytest.param(400, False, True, id="bad request"),
        pytest.param(503, False, True, id="server error"),
    ],
)
def test_status_of_a_response(status, is_success, is_error):
    response = Response(status_code=status)

    assert response.is_success is is_success
    assert response.is_error is is_error


def test_an_http_error_names_its_status():
    error = HTTPError(404, "Not Found", "gone")

    assert str(error) == "HTTP 404: Not Found"
    assert (error.status_code, error.message, error.body) == (404, "Not Found", "gone")
    assert isinstance(error, PeriluneError)
    assert not isinstance(error, HTTPClientError)


def test_a_request_needs_nothing_but_its_url():
    request = Request(url="https://example.net/")

    assert (request.method, request.headers, request.query, request.body) == ("", {}, {}, "")
    assert request.headers is not Request(url="x").headers


def test_an_ai_error_carries_what_was_sent():
    partial = ChatResponse(endpoint="https://example.net/v1", request_json="{}")

    assert AIError("no response from OpenAI", partial).partial is partial
    assert AIError("HTTP request failed: x").partial is None
    assert isinstance(AIConfigError("OPENAI_API_KEY not set in function environment"), AIError)


def test_a_chat_request_has_neither_limit_nor_temperature_of_its_own():
    request = ChatRequest(provider="openai", model="m", messages=(Message("user", "hi"),))

    assert (request.max_tokens, request.temperature, request.endpoint) == (0, None, "")


def test_an_email_without_key_says_which():
    error = EmailConfigError()

    assert str(error) == "RESEND_API_KEY not set in function environment"
    assert error.request_json == ""
    assert isinstance(error, EmailError)


def test_an_email_needs_sender_receivers_and_subject_only():
    request = SendRequest(from_="a@example.net", to=("b@example.net",), subject="hi")

    assert not any((request.text, request.html, request.cc, request.bcc, request.tags))
