"""Numbers without sense, given to key-value calls in every language."""

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.runtimes.conftest import Box, open_box

pytestmark = pytest.mark.asyncio(loop_scope="module")

LATER = "at most 3153600000 (100 years)"
TTLS = {
    "lua": "-1, 0, 0/0, math.huge, -math.huge, 3153600001, 1e300, 2^63, 2^64",
    "python": "-1, 0, 0 * 1e999, 1e999, -1e999, 3153600001, 1e300, 2**63, 2**64 - 1",
    "javascript": "-1, 0, NaN, Infinity, -Infinity, 3153600001, 1e300, 2 ** 63, 2n ** 62n",
}
"""Such lives of pairs, by language."""
LONGER = {"python": "10**30", "javascript": "10n ** 30n"}
"""One that does not even fit into a call; in Lua every number does."""
SETTING = {
    "lua": """
function handler()
  local problems = {{}}
  for _, ttl in ipairs({{ {ttls} }}) do
    local done, problem = kv.set("k", "v", {{ ttl = ttl }})
    problems[#problems + 1] = tostring(done) .. " " .. tostring(problem)
  end
  return {{ body = json.encode({{ problems, tostring(kv.get("k")) }}) }}
end""",
    "python": """
from perilune_guest import kv

def handler(ctx, event):
    problems = []
    for ttl in [{ttls}]:
        try:
            problems.append("%s None" % kv.set("k", "v", ttl=ttl))
        except Exception as error:
            problems.append("%s %s" % (type(error).__name__, error))
    return [problems, str(kv.get("k"))]
""",
    "javascript": """
export default async () => {{
  const problems = [];
  for (const ttl of [{ttls}]) {{
    try {{
      problems.push(`${{await kv.set("k", "v", {{ ttl }})}} null`);
    }} catch (error) {{
      problems.push(`${{error.name}} ${{error.message}}`);
    }}
  }}
  return [problems, String(await kv.get("k"))];
}};
""",
}
LISTING = {
    "lua": """
function handler()
  kv.set("a", "1")
  kv.set("b", "1")
  local found = {}
  for i, limit in ipairs({ 0/0, math.huge, -math.huge, 1e300, -1 }) do
    local done, page, problem = pcall(kv.list, "", limit)
    found[i] = done and page and #page.items or tostring(done and problem or page)
  end
  return { body = json.encode(found) }
end""",
    "python": """
from perilune_guest import kv

def handler(ctx, event):
    kv.set("a", "1"), kv.set("b", "1")
    found = []
    for limit in [float("nan"), float("inf"), -float("inf"), 1e300, -1]:
        try:
            found.append(len(kv.list("", limit).items))
        except Exception as error:
            found.append(str(error))
    return found
""",
    "javascript": """
export default async () => {
  await kv.set("a", "1");
  await kv.set("b", "1");
  const found = [];
  for (const limit of [NaN, Infinity, -Infinity, 1e300, -1]) {
    try {
      found.push((await kv.list("", limit)).items.length);
    } catch (error) {
      found.push(error.message);
    }
  }
  return found;
};
""",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=list(SETTING))
async def speaker(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Box]:
    """An engine for functions in one of the languages."""
    async with open_box(tmp_path_factory.mktemp("data"), language=request.param) as opened:
        yield opened


async def test_a_life_without_sense_is_an_error_and_nothing_is_written(speaker: Box) -> None:
    code = SETTING[speaker.language].format(ttls=TTLS[speaker.language])

    problems, value = json.loads(await speaker.body(code))

    assert len(problems) == 9
    for problem in problems:
        assert problem.endswith(f"KV error: ttl must be a positive number of seconds, {LATER}")
        assert not problem.startswith(("true", "True"))
    assert value in ("nil", "None", "null", "undefined")


async def test_a_life_that_no_call_can_hold_is_an_error_too(speaker: Box) -> None:
    if speaker.language not in LONGER:
        return
    code = SETTING[speaker.language].format(ttls=LONGER[speaker.language])

    (problem,), value = json.loads(await speaker.body(code))

    assert "64" in problem
    assert value in ("None", "null", "undefined")


async def test_a_hundred_years_are_not_too_long(speaker: Box) -> None:
    code = SETTING[speaker.language].format(ttls="3153600000, 0.5")

    problems, _ = json.loads(await speaker.body(code))

    assert [one.split()[0].lower() for one in problems] == ["true", "true"]


async def test_an_absurd_limit_ends_no_execution(speaker: Box) -> None:
    found = json.loads(await speaker.body(LISTING[speaker.language]))

    assert found[1:] == [2, 1, 2, 1] or speaker.language == "lua"
    assert found[3:] == [2, 1] or speaker.language != "lua"
    assert "number" in found[0]
