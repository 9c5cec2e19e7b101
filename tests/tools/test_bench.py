"""What `make bench` and `make cost` read of processes, and how tables come into a page."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench.cost import least, until_each_request
from bench.report import BEGIN, END, write_into
from bench.usage import snapshot

BURN_S = 0.1
BURN = f"""
import sys, time
def burn():
    stop = time.process_time() + {BURN_S}
    while time.process_time() < stop: pass
"""
FAMILY = f"""{BURN}
import subprocess, threading
print("begun", flush=True)
sys.stdin.readline()
burn()
is_over, has_burnt = threading.Event(), threading.Event()
threading.Thread(target=lambda: (time.sleep(0), has_burnt.set(), is_over.wait())).start()
has_burnt.wait()
subprocess.run([sys.executable, "-c", sys.argv[1]])
print("done", flush=True)
sys.stdin.readline()
is_over.set()
"""


def test_what_was_used_is_told_by_thread_and_includes_processes_that_ended() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", FAMILY, f"{BURN}burn()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin and process.stdout
        process.stdout.readline()
        before = snapshot(process.pid)
        process.stdin.write(b"\n")
        process.stdin.flush()
        process.stdout.readline()

        used = snapshot(process.pid).since(before, 2)

        process.stdin.write(b"\n")
    burnt_us = BURN_S * 1e6 / 2
    assert used.loop_us >= burnt_us
    assert used.threads_us > 0
    assert used.processes_us >= burnt_us * 0.9  # counted in ticks
    assert used.switches >= 1


def test_nothing_is_used_by_a_process_that_has_ended() -> None:
    process = subprocess.Popen(["true"])
    process.wait()

    used = snapshot(process.pid).since(snapshot(process.pid), 0)

    assert (used.cpu_us, used.switches) == (0, 0)


def test_tables_replace_what_is_between_the_marks_of_a_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")

    write_into(page, "new\n")
    write_into(page, "newer\n")

    assert page.read_text() == f"before\n{BEGIN}\n\nnewer\n\n{END}\nafter\n"


def test_a_page_without_marks_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"{END} {BEGIN}")

    with pytest.raises(ValueError, match="has no lines"):
        write_into(page, "new")

    assert page.read_text() == f"{END} {BEGIN}"


TRACE = r"""
7 epoll_pwait(3, [{events=EPOLLIN, data={u32=27, u64=27}}], 1024, 0, NULL, 8) = 1
7 read(27, "GET /fn/"..., 256000)   = 91
8 futex(0x55, FUTEX_WAIT_PRIVATE, 0, NULL <unfinished ...>
7 write(27, "HTTP/1.1"..., 445)     = 445
8 <... futex resumed>)              = 0
7 read(27, "GET /fn/"..., 256000)   = 91
"""


def test_system_calls_are_counted_once_and_up_to_each_request(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    trace.write_text(TRACE.lstrip())

    assert list(until_each_request(trace)) == [1, 4]


def test_what_comes_by_the_clock_does_not_count() -> None:
    with_each_one = range(0, 3 * 500, 3)
    by_the_clock = [number * 9 // 10 for number in range(500)]

    assert least([sum(pair) for pair in zip(with_each_one, by_the_clock, strict=True)]) == 3
