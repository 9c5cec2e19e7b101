"""Names: what is sensitive, what only looks like it."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perilune.masking import DEFAULT_MASKER, REDACTED, Masker
from perilune.masking.names import MAX_REMEMBERED_LENGTH, MAX_REMEMBERED_NAMES, Memo


def words(text: str) -> list[str]:
    return text.split()


HEADER_WORDS = words(
    "authorization cookie x-api-key x-auth-token proxy-authorization token key secret password auth"
)
QUERY_WORDS = words("api_key apikey access_token token secret password auth key")
MEMBER_WORDS = words(
    "password secret api_key apikey access_token private_key client_secret token auth"
    " authorization bearer credential credentials"
)

USUAL_FORMS = words("""
    X-Api-Key X-API-KEY Api-Key apiKey APIKey api.key x_api_key xapikey api-key-2
    Cookie Set-Cookie set-cookie2 Authorization Proxy-Authorization WWW-Authenticate Authentication
    X-Auth-Token X-Auth X-Access-Token accessToken AccessToken access.token accesstoken
    X-Amz-Security-Token X-Amz-Credential X-CSRF-Token csrfmiddlewaretoken csrf xsrf
    user_password userPassword PassWord PASSWORD db_passwd password1 pwd passphrase
    refresh_token refreshToken id_token idToken session_token sessionToken
    session user_session userSession session_id sessionId sessionid PHPSESSID JSESSIONID
    client_secret clientSecret client-secret secrets shared_secret secretKey secret_key
    private_key privateKey PRIVATE-KEY signing_key encryptionKey Ocp-Apim-Subscription-Key
    credential credentials userCredentials bearer X-Bearer bearer_token
    token-x token_type auth_id authId oauth oauth_state OAuth2Token jwt otp user[password]
""")

PLAIN = words("""
    author authors Author X-Author author_id authorName coauthor authority :authority
    keyboard X-Keyboard Keyboard-Layout keyword keywords keynote hotkey monkey Monkey monkey_name
    turkey donkey hockey secretary tokenizer
    completion_tokens prompt_tokens max_tokens total_tokens input_tokens outputTokens maxTokens
    max_completion_tokens completion_tokens_details prompt_tokens_details promptTokenCount
    x-ratelimit-remaining-tokens num_tokens key_count keyCount token_count
    session_duration sessions accession possession
    Accept Host User-Agent Content-Type Content-Length X-Request-Id Access-Control-Allow-Credentials
    name id q page body compass passenger bypass authenticated authorized
""")


def masked_everywhere(name: str) -> bool:
    """Return whether the values of *name* are masked, in whatever part of a request it is."""
    return (
        DEFAULT_MASKER.is_sensitive(name)
        and DEFAULT_MASKER.headers({name: "x"}) == {name: REDACTED}
        and DEFAULT_MASKER.query({name: "x"}) == {name: REDACTED}
        and DEFAULT_MASKER.raw_query(f"{name}=x&a=b") == f"{name}={REDACTED}&a=b"
    )


def masked_nowhere(name: str) -> bool:
    return (
        not DEFAULT_MASKER.is_sensitive(name)
        and DEFAULT_MASKER.headers({name: "x"}) == {name: "x"}
        and DEFAULT_MASKER.query({name: "x"}) == {name: "x"}
        and DEFAULT_MASKER.raw_query(f"{name}=x") == f"{name}=x"
    )


@pytest.mark.parametrize("kind", [HEADER_WORDS, QUERY_WORDS, MEMBER_WORDS, USUAL_FORMS])
def test_sensitive_names_are_masked_however_they_are_written(kind: list[str]) -> None:
    names = [*kind, *map(str.upper, kind)]

    assert [name for name in names if not masked_everywhere(name)] == []


def test_names_that_only_look_sensitive_are_not_masked() -> None:
    assert [name for name in PLAIN if not masked_nowhere(name)] == []


@pytest.mark.parametrize("form", ["{}", "{}_x", "{}-x", "{}_id", "my_{}", "x-{}", "X{}"])
def test_every_word_also_as_part_of_a_name(form: str) -> None:
    names = [form.format(word) for word in MEMBER_WORDS]

    assert [name for name in names if not DEFAULT_MASKER.is_sensitive(name)] == []
    bodies = {name: DEFAULT_MASKER.body(f'{{"{name}":1}}') for name in names}
    assert bodies == {name: f'{{"{name}":"{REDACTED}"}}' for name in names}


def test_every_casing_is_found() -> None:
    """Case changes split words, so each one is a chance to lose a sensitive word."""
    short = {word for word in HEADER_WORDS + QUERY_WORDS + MEMBER_WORDS if len(word) <= 13}
    masker = Masker()

    missed = [
        name
        for word in short
        for letters in itertools.product(*({letter, letter.upper()} for letter in word))
        if not masker.is_sensitive(name := "".join(letters))
    ]

    assert missed == []


@given(
    before=st.text("xyz-_.019", max_size=6),
    word=st.sampled_from(HEADER_WORDS + QUERY_WORDS),
    after=st.text("wxz-_.019", max_size=6),
    upper=st.integers(0, 2**30),
)
def test_no_spelling_escapes(before: str, word: str, after: str, upper: int) -> None:
    """A sensitive word is found whatever surrounds it and however its letters are cased."""
    name = "".join(
        letter.upper() if upper >> at & 1 else letter
        for at, letter in enumerate(before + word + after)
    )

    assert DEFAULT_MASKER.is_sensitive(name)


@pytest.mark.parametrize(
    "name", ["tokens", "key", "keys", "cacheKey", "public_key", "Idempotency-Key"]
)
def test_ordinary_words_of_json_are_sensitive_elsewhere_only(name: str) -> None:
    body = f'{{"{name}": "abc"}}'

    assert DEFAULT_MASKER.body(body) == body
    assert DEFAULT_MASKER.headers({name: "abc"}) == {name: REDACTED}
    assert DEFAULT_MASKER.query({name: "abc"}) == {name: REDACTED}
    assert DEFAULT_MASKER.body(f"{name}=abc", "application/x-www-form-urlencoded") == (
        f"{name}={REDACTED}"
    )


@pytest.mark.parametrize(
    "name", ["customer-no", "customerNo", "CUSTOMER_NO", "old_customer_no", "customerno"]
)
def test_extra_names_cover_every_spelling(name: str) -> None:
    masker = Masker(["Customer.No"])

    assert masker.is_sensitive(name)
    assert masker.headers({name: "4711"}) == {name: REDACTED}
    assert masker.body(f'{{"{name}":4711}}') == f'{{"{name}":"{REDACTED}"}}'
    assert "4711" not in masker.text(f"{name}=4711")
    assert not DEFAULT_MASKER.is_sensitive(name)


def test_extra_names_win_over_the_allow_list_and_cover_nothing_else() -> None:
    masker = Masker(["max_tokens", "", "-"])

    assert masker.is_sensitive("max_tokens")
    assert not masker.is_sensitive("min_tokens")
    assert not masker.is_sensitive("max_items")


def test_many_and_long_names_are_decided_alike() -> None:
    """The memory of decisions is bounded; forgetting must not change an answer."""
    masker = Masker()
    for number in range(10_000):
        assert not masker.is_sensitive(f"monkey{number}")
    long = "x" * 100_000

    assert masker.is_sensitive("token")
    assert masker.is_sensitive(long + "_token")
    assert not masker.is_sensitive(long)
    assert not masker.is_sensitive("")


def test_the_memory_of_decisions_is_bounded() -> None:
    """Names come from outside: neither many nor long ones may fill the memory."""
    memo = Memo(len)

    sizes = set()
    for number in range(3 * MAX_REMEMBERED_NAMES):
        assert memo[f"n{number}"] == len(f"n{number}")
        sizes.add(len(memo))
    long = "x" * (MAX_REMEMBERED_LENGTH + 1)

    assert max(sizes) == MAX_REMEMBERED_NAMES
    assert memo[long] == len(long)
    assert long not in memo


@given(st.text())
def test_any_name_is_decided(name: str) -> None:
    assert DEFAULT_MASKER.is_sensitive(name) in (True, False)
