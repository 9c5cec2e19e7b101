"""What native code tries in a worker, and how that ends."""

import os

import pytest

from tests.worker.hostile_interpreter import RAW_CALLS

on_x86_64 = pytest.mark.skipif(os.uname().machine != "x86_64", reason="a call of x86 only")

DENIED = [
    # files
    ("read_passwd", "EPERM"),
    ("list_data", "EPERM"),
    ("read_data", "EPERM"),
    ("read_private", "EPERM"),
    ("stat_data", "EPERM"),
    ("overwrite_data", "EPERM"),
    ("truncate_data", "EPERM"),
    ("delete_data", "EPERM"),
    ("rename_data", "EPERM"),
    ("make_directory", "EPERM"),
    ("make_symlink", "EPERM"),
    ("change_mode", "EPERM"),
    ("fill_disk", "EPERM"),
    ("open_many_files", "EPERM"),
    ("duplicate_many", "EPERM"),
    # the server
    ("read_own_environ", "EPERM"),
    ("read_server_environ", "EPERM"),
    ("open_server_memory", "EPERM"),
    ("read_server_memory", "EPERM"),
    ("ptrace_attach", "EPERM"),
    ("ptrace_seize", "EPERM"),
    ("kill_server", "EPERM"),
    ("kill_everybody", "EPERM"),
    ("kill_group", "EPERM"),
    ("tgkill_server", "EPERM"),
    ("queue_signal", "EPERM"),
    ("pidfd_open_server", "EPERM"),
    ("pidfd_send_signal", "EPERM"),
    ("own_descriptor_signals", "EPERM"),
    # sockets
    ("tcp_connect", "EPERM"),
    ("tcp_listen", "EPERM"),
    ("udp_send", "EPERM"),
    ("unix_connect", "EPERM"),
    ("abstract_connect", "EPERM"),
    ("raw_socket", "EPERM"),
    ("netlink_socket", "EPERM"),
    ("socket_pair", "EPERM"),
    ("send_with_address", "EPERM"),
    ("send_descriptor", "EPERM"),
    # processes
    ("fork", "EPERM"),
    pytest.param("raw_fork", "EPERM", marks=on_x86_64, id="raw_fork"),
    ("raw_clone", "EPERM"),
    ("raw_clone3", "ENOSYS"),
    ("start_thread", "RuntimeError: can't start new thread"),
    ("execve", "EPERM"),
    ("execveat", "EPERM"),
    # memory
    ("one_large_allocation", "MemoryError"),
    ("many_small_allocations", "MemoryError"),
    ("shared_mapping", "ENOMEM"),
    ("memfd_create", "EPERM"),
    ("lock_memory", "EPERM"),
    # more rights
    ("chroot", "EPERM"),
    ("raise_limits", "EPERM"),
    ("become_dumpable", "EPERM"),
    ("push_terminal_input", "EPERM"),
    pytest.param("call_by_int80", "killed by SIGSYS", marks=on_x86_64, id="call_by_int80"),
    pytest.param("call_by_x32", "killed by SIGSYS", marks=on_x86_64, id="call_by_x32"),
    *(
        pytest.param(name, "EPERM", marks=on_x86_64 if numbers[1] is None else (), id=name)
        for name, numbers in RAW_CALLS.items()
    ),
]
