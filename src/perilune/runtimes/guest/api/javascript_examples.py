"""One example of each function of the guest API in JavaScript, and in TypeScript where it differs.

They are statements that work as they stand, in an async function.
"""

from collections.abc import Mapping
from types import MappingProxyType

_LEVELS = ("info", "debug", "warn", "error")
_DIGESTS = ("md5", "sha1", "sha256", "sha384", "sha512")
_HMACS = ("sha1", "sha256", "sha512")
_FORMS = {"": '"hex"', "_base64": '"base64"', "_raw": ""}

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
        "base64.encode": 'const text = new TextEncoder().encode("hello").toBase64();',
        "base64.decode": 'const data = Uint8Array.fromBase64("aGVsbG8=");',
        "base64.url_encode": (
            'const data = new TextEncoder().encode("hello");\n'
            'const text = data.toBase64({ alphabet: "base64url", omitPadding: true });'
        ),
        "base64.url_decode": (
            'const data = Uint8Array.fromBase64("aGVsbG8", { alphabet: "base64url" });'
        ),
        **{
            f"crypto.{name}": (
                'const { createHash } = await import("node:crypto");\n'
                f'const digest = createHash("{name}").update("hello").digest("hex");'
            )
            for name in _DIGESTS
        },
        **{
            f"crypto.hmac_{name}{ending}": (
                'const { createHmac } = await import("node:crypto");\n'
                f'const mac = createHmac("{name}", "secret key").update(event.body);\n'
                f"const signature = mac.digest({form});"
            )
            for name in _HMACS
            for ending, form in _FORMS.items()
        },
        "crypto.equal": (
            'const { createHash, timingSafeEqual } = await import("node:crypto");\n'
            'const [given, wanted] = ["a1b2", "c3d4"].map((text) =>\n'
            '  createHash("sha256").update(text).digest());\n'
            "const isValid = timingSafeEqual(given, wanted);"
        ),
        "crypto.uuid": "const id = crypto.randomUUID();",
        "time.now": "const seconds = time.now();",
        "time.now_ms": "const ms = Date.now();",
        "time.sleep": "await time.sleep(1);",
        "time.format": (
            'const berlin = new Intl.DateTimeFormat("en", {\n'
            '  timeZone: "Europe/Berlin",\n'
            '  timeStyle: "short",\n'
            "});\n"
            "const text = berlin.format(new Date(0));"
        ),
        "time.parse": 'const seconds = Date.parse("2023-11-14T22:13:00Z") / 1000;',
        "time.iso": "const text = new Date(1700000000 * 1000).toISOString();",
        "url.parse": 'const { hostname, searchParams } = new URL("https://example.org/search?q=lamp");',
        "url.build": (
            'const link = new URL("https://example.org/search");\n'
            'link.searchParams.set("q", "a lamp");'
        ),
        "url.join": 'const link = new URL("../about", "https://example.org/docs/intro").href;',
        "url.encode": 'const query = new URLSearchParams({ q: "a lamp & more" }).toString();',
        "url.encode_path": 'const path = "/files/" + encodeURIComponent("a/b c.txt");',
        "url.decode": 'const text = new URLSearchParams("q=a+lamp%21").get("q");',
        "strings.trim": 'const name = "  lamp  ".trim();',
        "strings.trimLeft": 'const name = "  lamp".trimStart();',
        "strings.trimRight": 'const name = "lamp  ".trimEnd();',
        "strings.split": 'const parts = "a,b,c".split(",");',
        "strings.join": 'const text = ["a", "b"].join(", ");',
        "strings.hasPrefix": 'const isApi = event.path.startsWith("/api/");',
        "strings.hasSuffix": 'const isImage = event.path.endsWith(".png");',
        "strings.contains": 'const found = "a lamp".includes("lamp");',
        "strings.replace": 'const text = "a.b.c".replaceAll(".", "/");',
        "strings.toLower": 'const text = "ÉCOLE".toLowerCase();',
        "strings.toUpper": 'const text = "école".toUpperCase();',
        "strings.rep": 'const line = "-".repeat(20);',
        "strings.repeat": 'const text = "ab".repeat(3);',
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
