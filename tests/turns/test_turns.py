"""Turns: their length together is bounded, and who waits is served in order."""

import asyncio
from functools import partial

from perilune.turns import Turns


async def test_work_of_one_turn_is_done_in_each_round_of_the_event_loop():
    turns, done, rounds = Turns(), [], []

    def work(name: str) -> None:
        turns.spend(0.5)
        done.append(name)

    for name in "abcde":
        turns.wait(partial(work, name))
    rounds.append("".join(done))
    while len(done) < 5:
        await asyncio.sleep(0)
        rounds.append("".join(done))

    assert rounds == ["ab", "abcd", "abcde"]


async def test_what_has_begun_goes_first():
    turns, done = Turns(), []

    def work(name: str) -> None:
        turns.spend(1.0)
        done.append(name)

    for name in "abc":
        turns.wait(partial(work, name), is_first=name == "c")
    while len(done) < 3:
        await asyncio.sleep(0)

    assert done == ["a", "c", "b"]


async def test_who_waits_rests_until_the_next_turn():
    turns, loop = Turns(rest_s=0.05), asyncio.get_running_loop()

    await turns.rest()
    turns.spend(3.0)
    begun = loop.time()
    await asyncio.gather(turns.rest(), turns.rest())

    assert loop.time() - begun >= 0.04
    assert not turns.is_over


async def test_a_rest_can_be_left_out_where_nobody_else_waits():
    turns = Turns(rest_s=60.0, rests_alone=False)
    turns.spend(1.0)
    await asyncio.sleep(0)
    assert not turns.is_over

    turns.spend(0.5)
    turns.wait(partial(turns.spend, 0.5))
    await asyncio.sleep(0)
    assert not turns.is_over

    turns.spend(1.0)
    for _ in range(2):
        turns.wait(partial(turns.spend, 1.0))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert turns.is_over


async def test_a_turn_that_nobody_waits_for_begins_all_the_same():
    turns = Turns()
    turns.spend(1.0)
    assert turns.is_over

    await asyncio.sleep(0)

    assert not turns.is_over
