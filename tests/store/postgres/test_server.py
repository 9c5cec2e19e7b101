"""The server of the tests itself: nothing of it may be left when a run is killed."""

import os
import select
import subprocess
import sys

import psycopg
import pytest

from tests.store.postgres.server import binaries, start_server


def test_the_run_has_a_server(server):
    with psycopg.connect(server.url(server.create_database())) as connection:
        assert connection.execute("SELECT current_setting('fsync')").fetchone() == ("off",)


@pytest.mark.slow
def test_nothing_is_left_of_a_server_whose_run_is_killed(server):
    programs = binaries()
    assert programs is not None
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as run:
        folder, supervisor = start_server(programs, run.pid)
        postmaster = int((folder / "data" / "postmaster.pid").read_text().split()[0])
        ended = [os.pidfd_open(pid) for pid in (postmaster, supervisor)]

        run.kill()

        for one in ended:
            assert select.select([one], [], [], 30)[0], "it goes on"
            os.close(one)
    assert not folder.exists()
