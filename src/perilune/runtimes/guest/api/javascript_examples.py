"""One example of each function of the guest API in JavaScript, and in TypeScript where it differs.

They are statements that work as they stand, in an async function.
"""

from collections.abc import Mapping
from types import MappingProxyType

_LEVELS = ("info", "debug", "warn", "error")
_DIGESTS = ("md5", "sha1", "sha256", "sha384", "sha512")
_HMACS = tuple(
    (f"hmac_{digest}{ending}", f"hmac{digest.capitalize()}{ending[1:].capitalize()}")
    for digest in ("sha1", "sha256", "sha512")
    for ending in ("", "_base64", "_raw")
)

JAVASCRIPT_EXAMPLES: Mapping[str, str] = MappingProxyType(
    {
        **{f"log.{level}": f'log.{level}("order stored", {{ id: 7 }});' for level in _LEVELS},
        "kv.get": 'const visits = await kv.get("visits");',
        "kv.set": 'await kv.set("session", "abc", { ttl: 60 });',
        "kv.delete": 'await kv.delete("session");',
        "kv.incr": 'const n = await kv.incr("visits");',
        "kv.cas": 'const won = await kv.cas("lock", null, "me");',
        "kv.list": 'const page = await kv.list("user:", 10);',
        "env.get": 'const token = await env.get("API_TOKEN");',
        "env.set": 'await env.set("MODE", "fast");',
        "env.delete": 'await env.delete("MODE");',
        "http.get": (
            'const answer = await http.get("https://example.org/items", { query: { page: 2 } });'
        ),
        "http.head": 'const answer = await http.head("https://example.org/");',
        "http.post": (
            'const answer = await http.post("https://example.org/items", '
            '{ json: { name: "lamp" } });'
        ),
        "http.put": (
            'const answer = await http.put("https://example.org/items/7", { body: "lamp" });'
        ),
        "http.patch": (
            'const answer = await http.patch("https://example.org/items/7", '
            "{ json: { stock: 3 } });"
        ),
        "http.delete": 'const answer = await http.delete("https://example.org/items/7");',
        "http.request": 'const answer = await http.request("OPTIONS", "https://example.org/");',
        "json.encode": 'const text = json.encode({ name: "lamp" });',
        "json.decode": "const value = json.decode(event.body);",
        "json.array": "const text = json.encode(json.array([]));",
        "json.object": "const text = json.encode(json.object({}));",
        "base64.encode": 'const text = base64.encode("hello");',
        "base64.decode": 'const data = base64.decode("aGVsbG8=");',
        "base64.url_encode": 'const text = base64.urlEncode("hello");',
        "base64.url_decode": 'const data = base64.urlDecode("aGVsbG8");',
        **{f"crypto.{name}": f'const digest = crypto.{name}("hello");' for name in _DIGESTS},
        **{
            f"crypto.{name}": f'const signature = crypto.{camel}(event.body, "secret key");'
            for name, camel in _HMACS
        },
        "crypto.equal": (
            'const isValid = crypto.equal(crypto.hmacSha256("message", "key"), "a1b2");'
        ),
        "crypto.uuid": "const id = crypto.uuid();",
        "time.now": "const seconds = time.now();",
        "time.now_ms": "const ms = time.nowMs();",
        "time.sleep": "await time.sleep(1);",
        "time.format": 'const text = time.format(0, "2006-01-02 15:04 MST", "Europe/Berlin");',
        "time.parse": 'const seconds = time.parse("2023-11-14 22:13", "2006-01-02 15:04");',
        "time.iso": "const text = time.iso(1700000000);",
        "url.parse": 'const parts = url.parse("https://example.org/search?q=lamp");',
        "url.build": (
            'const link = url.build({ scheme: "https", host: "example.org", path: "/search", '
            'query: { q: "a lamp" } });'
        ),
        "url.join": 'const link = url.join("https://example.org/docs/intro", "../about");',
        "url.encode": 'const query = "q=" + url.encode("a lamp & more");',
        "url.encode_path": 'const path = "/files/" + url.encodePath("a/b c.txt");',
        "url.decode": 'const text = url.decode("a+lamp%21");',
        "strings.trim": 'const name = strings.trim("  lamp  ");',
        "strings.trimLeft": 'const name = strings.trimLeft("  lamp");',
        "strings.trimRight": 'const name = strings.trimRight("lamp  ");',
        "strings.split": 'const parts = strings.split("a,b,c", ",");',
        "strings.join": 'const text = strings.join(["a", "b"], ", ");',
        "strings.hasPrefix": 'const isApi = strings.hasPrefix(event.path, "/api/");',
        "strings.hasSuffix": 'const isImage = strings.hasSuffix(event.path, ".png");',
        "strings.contains": 'const found = strings.contains("a lamp", "lamp");',
        "strings.replace": 'const text = strings.replace("a.b.c", ".", "/");',
        "strings.toLower": 'const text = strings.toLower("ÉCOLE");',
        "strings.toUpper": 'const text = strings.toUpper("école");',
        "strings.rep": 'const line = strings.rep("-", 20);',
        "strings.repeat": 'const text = strings.repeat("ab", 3);',
        "random.int": "const die = random.int(1, 6);",
        "random.float": "const chance = random.float();",
        "random.string": "const password = random.string(20);",
        "random.bytes": "const key = random.bytes(32);",
        "random.hex": "const token = random.hex(16);",
        "random.id": "const id = random.id();",
        "router.match": 'const isUser = router.match(event.relativePath, "/users/:id");',
        "router.params": 'const { id } = router.params(event.relativePath, "/users/:id");',
        "router.path": 'const path = router.path("/users/:id", { id: 7 });',
        "router.url": 'const link = router.url("/users/:id", { id: 7 }, { strict: true });',
        "router.new": (
            "const routes = router.new();\n"
            'routes.get("/users/:id", (event, params) => ({ body: `user ${params.id}` }));\n'
            "const response = await routes.dispatch(event);"
        ),
        "ai.chat": (
            "const answer = await ai.chat({\n"
            '  provider: "openai",\n'
            '  model: "gpt-4o-mini",\n'
            '  messages: [{ role: "user", content: "Say hello" }],\n'
            "});"
        ),
        "email.send": (
            "const sent = await email.send({\n"
            '  from: "shop@example.org",\n'
            '  to: "you@example.org",\n'
            '  subject: "Your order",\n'
            '  text: "It is on its way.",\n'
            "});"
        ),
    }
)

TYPESCRIPT_EXAMPLES: Mapping[str, str] = MappingProxyType(
    {
        "kv.get": 'const visits: string | null = await kv.get("visits");',
        "kv.list": (
            'const page = await kv.list("user:", 10);\n'
            "const keys: string[] = page.items.map((item) => item.key);"
        ),
        "json.decode": "const value: { name: string } = json.decode(event.body);",
    }
)
"""Those that differ; the others are as in JavaScript."""
