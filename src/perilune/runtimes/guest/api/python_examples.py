"""One example of each function of the guest API in Python: statements that work as they stand."""

from collections.abc import Mapping
from types import MappingProxyType

_LEVELS = ("info", "debug", "warn", "error")
_DIGESTS = ("md5", "sha1", "sha256", "sha384", "sha512")
_HMACS = tuple(
    f"hmac_{digest}{ending}"
    for digest in ("sha1", "sha256", "sha512")
    for ending in ("", "_base64", "_raw")
)

PYTHON_EXAMPLES: Mapping[str, str] = MappingProxyType(
    {
        **{f"log.{level}": f'log.{level}("order stored", id=7)' for level in _LEVELS},
        "kv.get": 'visits = kv.get("visits")',
        "kv.set": 'kv.set("session", "abc", ttl=60)',
        "kv.delete": 'kv.delete("session")',
        "kv.incr": 'n = kv.incr("visits")',
        "kv.cas": 'won = kv.cas("lock", None, "me")',
        "kv.list": 'page = kv.list("user:", 10)',
        "env.get": 'token = env.get("API_TOKEN")',
        "env.set": 'env.set("MODE", "fast")',
        "env.delete": 'env.delete("MODE")',
        "http.get": 'answer = http.get("https://example.org/items", query={"page": 2})',
        "http.head": 'answer = http.head("https://example.org/")',
        "http.post": 'answer = http.post("https://example.org/items", json={"name": "lamp"})',
        "http.put": 'answer = http.put("https://example.org/items/7", body="lamp")',
        "http.patch": 'answer = http.patch("https://example.org/items/7", json={"stock": 3})',
        "http.delete": 'answer = http.delete("https://example.org/items/7")',
        "http.request": 'answer = http.request("OPTIONS", "https://example.org/")',
        "json.encode": 'text = json.encode({"name": "lamp"})',
        "json.decode": "value = json.decode(event.body)",
        "json.array": "text = json.encode(json.array([]))",
        "json.object": "text = json.encode(json.object({}))",
        "base64.encode": 'text = base64.encode("hello")',
        "base64.decode": 'data = base64.decode("aGVsbG8=")',
        "base64.url_encode": 'text = base64.url_encode("hello")',
        "base64.url_decode": 'data = base64.url_decode("aGVsbG8")',
        **{f"crypto.{name}": f'digest = crypto.{name}("hello")' for name in _DIGESTS},
        **{
            f"crypto.{name}": f'signature = crypto.{name}(event.body, "secret key")'
            for name in _HMACS
        },
        "crypto.equal": 'is_valid = crypto.equal(crypto.hmac_sha256("message", "key"), "a1b2")',
        "crypto.uuid": "id = crypto.uuid()",
        "time.now": "seconds = time.now()",
        "time.now_ms": "ms = time.now_ms()",
        "time.sleep": "time.sleep(1)",
        "time.format": 'text = time.format(0, "2006-01-02 15:04 MST", "Europe/Berlin")',
        "time.parse": 'seconds = time.parse("2023-11-14 22:13", "2006-01-02 15:04")',
        "time.iso": "text = time.iso(1700000000)",
        "url.parse": 'parts = url.parse("https://example.org/search?q=lamp")',
        "url.build": (
            'link = url.build({"scheme": "https", "host": "example.org", "path": "/search", '
            '"query": {"q": "a lamp"}})'
        ),
        "url.join": 'link = url.join("https://example.org/docs/intro", "../about")',
        "url.encode": 'query = "q=" + url.encode("a lamp & more")',
        "url.encode_path": 'path = "/files/" + url.encode_path("a/b c.txt")',
        "url.decode": 'text = url.decode("a+lamp%21")',
        "strings.trim": 'name = strings.trim("  lamp  ")',
        "strings.trimLeft": 'name = strings.trim_left("  lamp")',
        "strings.trimRight": 'name = strings.trim_right("lamp  ")',
        "strings.split": 'parts = strings.split("a,b,c", ",")',
        "strings.join": 'text = strings.join(["a", "b"], ", ")',
        "strings.hasPrefix": 'is_api = strings.has_prefix(event.path, "/api/")',
        "strings.hasSuffix": 'is_image = strings.has_suffix(event.path, ".png")',
        "strings.contains": 'found = strings.contains("a lamp", "lamp")',
        "strings.replace": 'text = strings.replace("a.b.c", ".", "/")',
        "strings.toLower": 'text = strings.to_lower("ÉCOLE")',
        "strings.toUpper": 'text = strings.to_upper("école")',
        "strings.rep": 'line = strings.rep("-", 20)',
        "strings.repeat": 'text = strings.repeat("ab", 3)',
        "random.int": "die = random.int(1, 6)",
        "random.float": "chance = random.float()",
        "random.string": "password = random.string(20)",
        "random.bytes": "key = random.bytes(32)",
        "random.hex": "token = random.hex(16)",
        "random.id": "id = random.id()",
        "router.match": 'is_user = router.match(event.relative_path, "/users/:id")',
        "router.params": 'id = router.params(event.relative_path, "/users/:id").get("id")',
        "router.path": 'path = router.path("/users/:id", {"id": 7})',
        "router.url": 'link = router.url("/users/:id", {"id": 7}, strict=True)',
        "router.new": (
            "routes = router.new()\n\n"
            '@routes.get("/users/:id")\n'
            "def show_user(event, params):\n"
            '    return {"body": "user " + params["id"]}\n\n'
            "response = routes.dispatch(event)"
        ),
        "ai.chat": (
            'answer = ai.chat(provider="openai", model="gpt-4o-mini", '
            'messages=[{"role": "user", "content": "Say hello"}])'
        ),
        "email.send": (
            'sent = email.send({"from": "shop@example.org", "to": "you@example.org", '
            '"subject": "Your order", "text": "It is on its way."})'
        ),
    }
)
