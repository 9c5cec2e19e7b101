import asyncio

import msgspec
import pytest

from perilune.store import (
    AddressTaken,
    AlreadyExists,
    Function,
    FunctionNotFound,
    FunctionQuery,
    FunctionSort,
    PaginationParams,
    StoreError,
    UpdateFunctionRequest,
)
from tests.store.helpers import NOW, some_function, some_version

FULL = Function(
    id="f_full",
    name="greet",
    description="",
    disabled=True,
    retention_days=30,
    cron_schedule="*/5 * * * *",
    cron_status="active",
    save_response=True,
    created_at=1,
    updated_at=2,
)


async def test_create_stores_every_setting_and_sets_both_times(store):
    created = await store.create_function(FULL)

    assert (created.created_at, created.updated_at) == (NOW, NOW)
    assert await store.get_function("f_full") == created
    assert (created.retention_days, created.cron_status, created.save_response) == (
        30,
        "active",
        True,
    )


async def test_a_new_function_has_its_schedule_paused(store):
    created = await store.create_function(Function(id="f", name="n"))

    assert created.cron_status is None
    assert (await store.get_function("f")).cron_status == "paused"


async def test_an_id_is_given_once(store):
    first = await some_function(store, "first")

    with pytest.raises(AlreadyExists):
        await store.create_function(Function(id=first.id, name="second"))

    assert (await store.get_function(first.id)).name == "first"


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda s: s.get_function("nope"), id="get"),
        pytest.param(lambda s: s.update_function("nope", UpdateFunctionRequest()), id="update"),
        pytest.param(lambda s: s.delete_function("nope"), id="delete"),
        pytest.param(lambda s: s.create_version("nope", "code"), id="create_version"),
        pytest.param(lambda s: s.env.set("nope", "A", "1"), id="env-set"),
        pytest.param(lambda s: s.env.replace("nope", {}), id="env-replace"),
        pytest.param(lambda s: s.kv.set("nope", b"k", b"v", None, 100), id="kv-set"),
        pytest.param(lambda s: s.kv.incr("nope", b"k", 1, 100), id="kv-incr"),
    ],
)
async def test_unknown_functions_have_their_own_error(store, call):
    with pytest.raises(FunctionNotFound, match="^function not found$"):
        await call(store)


async def test_environment_values_are_not_part_of_the_record(store):
    function = await some_function(store)
    await store.env.set(function.id, "KEY", "secret")

    assert (await store.get_function(function.id)).env_vars == {}


async def test_names_and_ids_are_data_not_sql(store):
    nasty = "x'); DROP TABLE functions; -- \N{PILE OF POO}"
    await store.create_function(Function(id=nasty, name=nasty))

    assert (await store.get_function(nasty)).name == nasty


async def test_invalid_unicode_is_refused_without_harm(store):
    with pytest.raises(StoreError, match="cannot take the values"):
        await store.create_function(Function(id="f", name="\ud800"))

    with pytest.raises(FunctionNotFound):
        await store.get_function("f")


@pytest.mark.parametrize(
    ("updates", "expected"),
    [
        pytest.param({"name": "new"}, {"name": "new"}, id="name"),
        pytest.param({"description": None}, {"description": None}, id="clear-description"),
        pytest.param({"description": ""}, {"description": ""}, id="empty-description"),
        pytest.param({"disabled": False}, {"disabled": False}, id="enable"),
        pytest.param({"retention_days": None}, {"retention_days": None}, id="clear-retention"),
        pytest.param({"cron_schedule": None}, {"cron_schedule": None}, id="clear-schedule"),
        pytest.param({"cron_schedule": ""}, {"cron_schedule": None}, id="empty-schedule"),
        pytest.param({"cron_status": "paused"}, {"cron_status": "paused"}, id="pause"),
        pytest.param({"save_response": False}, {"save_response": False}, id="save-response"),
        pytest.param({}, {}, id="nothing"),
        pytest.param(
            {"name": "b", "disabled": False, "retention_days": 7},
            {"name": "b", "disabled": False, "retention_days": 7},
            id="several",
        ),
    ],
)
async def test_an_update_changes_only_given_members(store, clock, updates, expected):
    before = await store.create_function(FULL)
    clock.now += 60

    await store.update_function(FULL.id, UpdateFunctionRequest(**updates))

    after = await store.get_function(FULL.id)
    assert {name: getattr(after, name) for name in expected} == expected
    untouched = set(Function.__struct_fields__) - set(expected) - {"updated_at"}
    for name in untouched:
        assert getattr(after, name) == getattr(before, name), name
    assert after.updated_at == NOW + 60


async def test_list_is_newest_first_with_the_active_version(store, clock):
    ids = []
    for step in (0, 0, 5):
        clock.now += step
        ids.append((await some_function(store)).id)
    await store.create_version(ids[0], "one")
    active = await store.create_version(ids[0], "two")

    found, total = await store.list_functions(PaginationParams())

    assert total == 3
    assert [each.function.id for each in found] == [ids[2], ids[1], ids[0]]
    assert [each.active_version for each in found] == [None, None, active]


async def test_pages_of_functions_created_at_the_same_time_do_not_overlap(store):
    await asyncio.gather(*(some_function(store) for _ in range(25)))

    seen: list[str] = []
    for offset in (0, 10, 20, 30):
        page, total = await store.list_functions(PaginationParams(10, offset))
        assert total == 25
        seen += [each.function.id for each in page]

    assert len(seen) == len(set(seen)) == 25
    assert seen == sorted(seen, reverse=True)


async def test_lists_can_leave_the_code_unread(store):
    function = await some_function(store)
    version = await store.create_version(function.id, "code")
    bare = await some_function(store)

    found, _ = await store.list_functions(PaginationParams(), FunctionQuery(with_code=False))

    expected = msgspec.structs.replace(version, code="")
    assert {each.function.id: each.active_version for each in found} == {
        function.id: expected,
        bare.id: None,
    }


@pytest.mark.parametrize("sort", list(FunctionSort))
async def test_pages_of_every_order_have_each_function_once(store, sort):
    """Names and times may be the same; ids decide then."""
    await asyncio.gather(*(some_function(store) for _ in range(7)))
    query = FunctionQuery(sort=sort)

    whole, _ = await store.list_functions(PaginationParams(), query)
    pages = [
        each
        for offset in range(0, 8, 2)
        for each in (await store.list_functions(PaginationParams(2, offset), query))[0]
    ]

    assert pages == whole
    assert len({each.function.id for each in pages}) == 7


@pytest.mark.parametrize(
    ("given", "limit", "offset"),
    [
        pytest.param((0, 0), 20, 0, id="no-limit-is-20"),
        pytest.param((-3, -3), 20, 0, id="negative"),
        pytest.param((1000, 2), 100, 2, id="at-most-100"),
    ],
)
async def test_list_uses_the_normalized_page(store, given, limit, offset):
    await asyncio.gather(*(some_function(store) for _ in range(105)))

    page, total = await store.list_functions(PaginationParams(*given))

    everything, _ = await store.list_functions(PaginationParams(100, offset))
    assert total == 105
    assert page == everything[:limit]


@pytest.mark.parametrize(
    ("settings", "due"),
    [
        pytest.param({"cron_schedule": "* * * * *", "cron_status": "active"}, True, id="active"),
        pytest.param({"cron_schedule": "* * * * *", "cron_status": "paused"}, False, id="paused"),
        pytest.param({"cron_schedule": "* * * * *"}, False, id="no-status"),
        pytest.param({"cron_schedule": "", "cron_status": "active"}, False, id="empty-schedule"),
        pytest.param({"cron_status": "active"}, False, id="no-schedule"),
        pytest.param(
            {"cron_schedule": "* * * * *", "cron_status": "active", "disabled": True},
            False,
            id="disabled",
        ),
    ],
)
async def test_jobs_are_enabled_functions_with_an_active_schedule(store, settings, due):
    await store.create_function(Function(id="f", name="n", **settings))

    found = await store.ticks.jobs()

    assert [job.function_id for job in found] == (["f"] if due else [])


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda s, v, _: s.create_version(v.function_id, "x"), id="code"),
        pytest.param(lambda s, _, other: s.activate_version(other.id), id="active-version"),
        pytest.param(
            lambda s, v, _: s.update_function(v.function_id, UpdateFunctionRequest(name="x")),
            id="settings",
        ),
        pytest.param(lambda s, v, _: s.env.replace(v.function_id, {"A": "1"}), id="environment"),
    ],
)
async def test_kd_72_every_change_of_a_function_is_dated(store, clock, change):
    version = await some_version(store)
    other = await store.create_version(version.function_id, "other")
    await store.activate_version(version.id)
    clock.now += 100

    await change(store, version, other)

    assert (await store.get_function(version.function_id)).updated_at == NOW + 100


# --- addresses ----------------------------------------------------------------


async def test_a_function_is_found_by_its_address_compared_exactly(store):
    await store.create_function(Function(id="f", name="n", address="grüße"))

    assert await store.get_function_at("grüße") == await store.get_function("f")
    for other in ("gru\u0308\u00dfe", "Grüße", "f", "n", ""):
        with pytest.raises(FunctionNotFound):
            await store.get_function_at(other)


@pytest.mark.parametrize("is_new", [True, False])
async def test_an_address_is_given_once_and_whoever_wants_it_is_told_of_its_owner(store, is_new):
    await store.create_function(Function(id="owner", name="Owner", address="hook"))
    other = await some_function(store)
    taking = (
        store.create_function(Function(id="late", name="n", address="hook"))
        if is_new
        else store.update_function(other.id, UpdateFunctionRequest(address="hook", name="x"))
    )

    with pytest.raises(
        AddressTaken, match=r"'hook' is the address of the function 'Owner' \(owner"
    ):
        await taking

    assert (await store.get_function_at("hook")).id == "owner"
    assert (await store.get_function(other.id)).name == other.name, "all of it or nothing"


async def test_an_address_that_was_given_back_can_be_taken(store):
    await store.create_function(Function(id="cleared", name="n", address="a"))
    await store.create_function(Function(id="deleted", name="n", address="b"))

    await store.update_function("cleared", UpdateFunctionRequest(address=None))
    await store.delete_function("deleted")

    for name in ("a", "b"):
        with pytest.raises(FunctionNotFound):
            await store.get_function_at(name)
        await store.create_function(Function(id=f"new {name}", name="n", address=name))
        assert (await store.get_function_at(name)).id == f"new {name}"
    assert (await store.get_function("cleared")).address is None


async def test_functions_without_an_address_do_not_get_into_each_others_way(store):
    await some_function(store)
    await some_function(store)

    assert {
        one.function.address for one in (await store.list_functions(PaginationParams()))[0]
    } == {None}


async def test_a_name_is_taken_by_whoever_is_called_so(store):
    await store.create_function(Function(id="f", name="greet", address="hello"))

    assert [await store.is_name_taken(one) for one in ("greet", "hello", "f", "Greet")] == [
        *(True, True),
        *(False, False),
    ]
