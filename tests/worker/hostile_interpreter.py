"""An interpreter module that tries to break out, one named probe per invocation.

A probe that gets what it wants returns; one that is stopped raises.
"""

import ctypes
import encodings.idna  # noqa: F401  # for connecting, while files can still be read
import errno
import fcntl
import mmap
import os
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from perilune.worker import frames
from perilune.worker.lockdown import Profile
from perilune.worker.shared_values import SIZE, SharedValues

PROFILE = Profile()

Targets = dict[str, Any]
_PROBES: dict[str, Callable[[Targets], object]] = {}
_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
_column = 0 if os.uname().machine == "x86_64" else 1
_connection: list[socket.socket] = []
_values: list[SharedValues] = []

# The number of the clock that shows the processor time of process 1.
CLOCK_OF_PROCESS_1 = (~1 << 3) | 2

RAW_CALLS: dict[str, tuple[int | None, int | None, tuple[int, ...]]] = {
    # x86_64, aarch64, arguments that do no harm if the call is allowed after all
    "vfork": (58, None, ()),
    "setuid": (105, 146, (0,)),
    "setgroups": (116, 159, (0, 0)),
    "mount": (165, 40, (0, 0, 0, 0, 0)),
    "personality": (135, 92, (0x0040000,)),
    "unshare_user": (272, 97, (0x10000000,)),
    "setns": (308, 268, (0, 0)),
    "keyctl": (250, 219, (0, -3, 0)),
    "add_key": (248, 217, (0, 0, 0, 0, 0)),
    "bpf": (321, 280, (0, 0, 0)),
    "userfaultfd": (323, 282, (1,)),
    "perf_event_open": (298, 241, (0, 0, -1, -1, 0)),
    "io_uring_setup": (425, 425, (4, 0)),
    "memfd_secret": (447, 447, (0,)),
    "shmget": (29, 194, (0, 4096, 0o1600)),
    "semget": (64, 190, (0, 1, 0o1600)),
    "msgget": (68, 186, (0, 0o1600)),
    "mq_open": (240, 180, (0, 0, 0, 0)),
    "open_by_handle_at": (304, 265, (-100, 0, 0)),
    "name_to_handle_at": (303, 264, (-100, 0, 0, 0, 0)),
    "fanotify_init": (300, 262, (0, 0)),
    "inotify_init1": (294, 26, (0,)),
    "init_module": (175, 105, (0, 0, 0)),
    "reboot_with_wrong_magic": (169, 142, (0, 0, 0, 0)),
    "syslog": (103, 116, (10, 0, 0)),
    "seccomp": (317, 277, (0, 0, 0)),
    "sched_setaffinity": (203, 122, (0, 0, 0)),
    "setpriority": (141, 140, (0, 0, -20)),
    "processor_time_of_another": (228, 113, (CLOCK_OF_PROCESS_1, 0)),
    "clock_resolution_of_another": (229, 114, (CLOCK_OF_PROCESS_1, 0)),
    "sleep_by_the_clock_of_another": (230, 115, (CLOCK_OF_PROCESS_1, 0, 0, 0)),
    "affinity_of_another": (204, 123, (1, 0, 0)),
    "priority_of_another": (143, 121, (1, 0)),
    "scheduler_of_another": (145, 120, (1,)),
    "epoll_create1": (291, 20, (0,)),
    "pipe2": (293, 59, (0, 0)),
}


def serve(connection: socket.socket, values: SharedValues | None = None) -> None:
    """Answer each `Invoke` by what came of the probe named in its code."""
    _connection[:] = [connection]
    _values[:] = [] if values is None else [values]
    reader = frames.FrameReader[frames.ToWorker](frames.ToWorker)
    while data := connection.recv(65536):
        for message in reader.feed(data):
            if isinstance(message, frames.Invoke):
                if message.code == "fail":
                    raise RuntimeError("a defect of the interpreter")
                connection.sendall(frames.encode(_try(str(message.code), message.event)))


def _try(name: str, targets: Targets) -> frames.FromWorker:
    try:
        if name in RAW_CALLS:
            value: object = _raw(*RAW_CALLS[name])
        else:
            value = _PROBES[name](targets)
    except MemoryError:
        return frames.Failure("memory", "MemoryError")
    except OSError as error:
        return frames.Failure("runtime", errno.errorcode.get(error.errno or 0, str(error)))
    except Exception as error:
        return frames.Failure("runtime", f"{type(error).__name__}: {error}")
    return frames.Result(200, {}, str(value).encode(), False)


def _raw(x86_64: int | None, aarch64: int | None, arguments: tuple[object, ...]) -> int:
    number = (x86_64, aarch64)[_column]
    if number is None:
        raise OSError(errno.ENOSYS, "no such call on this architecture")
    words = [ctypes.c_long(word) if isinstance(word, int) else word for word in arguments]
    result = int(_libc.syscall(ctypes.c_long(number), *words))
    if result < 0:
        raise OSError(ctypes.get_errno(), "denied")
    return result


def probe(function: Callable[[Targets], object]) -> Callable[[Targets], object]:
    """Make *function* available under its name."""
    _PROBES[function.__name__] = function
    return function


# Files


@probe
def read_passwd(_: Targets) -> object:
    with open("/etc/passwd") as file:
        return len(file.read())


@probe
def list_data(targets: Targets) -> object:
    return sorted(os.listdir(targets["data"]))


@probe
def read_data(targets: Targets) -> object:
    with open(f"{targets['data']}/perilune.db") as file:
        return file.read()


@probe
def read_private(targets: Targets) -> object:
    with open(f"{targets['data']}/private") as file:
        return file.read()


@probe
def stat_data(targets: Targets) -> object:
    return os.stat(f"{targets['data']}/perilune.db").st_size


@probe
def overwrite_data(targets: Targets) -> object:
    with open(f"{targets['data']}/perilune.db", "w") as file:
        return file.write("overwritten")


@probe
def truncate_data(targets: Targets) -> None:
    os.truncate(f"{targets['data']}/perilune.db", 0)


@probe
def delete_data(targets: Targets) -> None:
    os.unlink(f"{targets['data']}/perilune.db")


@probe
def rename_data(targets: Targets) -> None:
    os.rename(f"{targets['data']}/perilune.db", f"{targets['data']}/gone")


@probe
def make_directory(targets: Targets) -> None:
    os.mkdir(f"{targets['data']}/new")


@probe
def make_symlink(targets: Targets) -> None:
    os.symlink("/etc/passwd", f"{targets['data']}/link")


@probe
def change_mode(targets: Targets) -> None:
    os.chmod(f"{targets['data']}/perilune.db", 0o777)


@probe
def fill_disk(targets: Targets) -> object:
    path = f"{targets['data']}/fill"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        return os.write(descriptor, bytes(1 << 20))
    finally:
        os.close(descriptor)
        os.unlink(path)


@probe
def read_own_environ(_: Targets) -> object:
    with open("/proc/self/environ", "rb") as file:
        return file.read()


@probe
def read_server_environ(targets: Targets) -> object:
    with open(f"/proc/{targets['server']}/environ", "rb") as file:
        return file.read()


@probe
def open_server_memory(targets: Targets) -> object:
    with open(f"/proc/{targets['server']}/mem", "rb"):
        return "opened"


@probe
def read_granted(_: Targets) -> object:
    with open("/usr/lib/os-release") as file:
        return len(file.read()) > 0


@probe
def write_granted(_: Targets) -> object:
    with open("/usr/lib/os-release", "a"):
        return "opened"


@probe
def open_many_files(_: Targets) -> object:
    return len([os.open("/dev/null", os.O_RDONLY) for _ in range(5000)])


@probe
def duplicate_many(_: Targets) -> object:
    return len([os.dup(0) for _ in range(5000)])


# Sockets


@probe
def tcp_connect(targets: Targets) -> object:
    with socket.create_connection(("127.0.0.1", targets["tcp"]), 5):
        return "connected"


@probe
def tcp_listen(_: Targets) -> object:
    with socket.create_server(("127.0.0.1", 0)):
        return "listening"


@probe
def udp_send(targets: Targets) -> object:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        return sock.sendto(b"x", ("127.0.0.1", targets["udp"]))


@probe
def unix_connect(targets: Targets) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(targets["unix"])


@probe
def abstract_connect(targets: Targets) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(targets["abstract"])


@probe
def raw_socket(_: Targets) -> object:
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP):
        return "opened"


@probe
def netlink_socket(_: Targets) -> object:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0):
        return "opened"


@probe
def socket_pair(_: Targets) -> None:
    ours, theirs = socket.socketpair()
    ours.close()
    theirs.close()


@probe
def send_with_address(targets: Targets) -> object:
    return _connection[0].sendto(b"x", targets["unix"])


@probe
def send_descriptor(_: Targets) -> object:
    return socket.send_fds(_connection[0], [b"x"], [0])


# Processes


@probe
def fork(_: Targets) -> object:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    return os.waitpid(pid, 0)[1]


@probe
def raw_fork(_: Targets) -> object:
    return _forked(_raw(57, None, ()))


@probe
def raw_clone(_: Targets) -> object:
    return _forked(_raw(56, 220, (int(signal.SIGCHLD), 0, 0, 0, 0)))


@probe
def raw_clone3(_: Targets) -> object:
    arguments = (ctypes.c_uint64 * 8)(0, 0, 0, 0, int(signal.SIGCHLD), 0, 0, 0)
    return _forked(_raw(435, 435, (arguments, 64)))


def _forked(pid: int) -> object:
    if pid == 0:
        os._exit(0)
    return os.waitpid(pid, 0)[1]


@probe
def start_thread(_: Targets) -> None:
    thread = threading.Thread(target=time.monotonic)
    thread.start()
    thread.join()


@probe
def execve(_: Targets) -> None:
    os.execve("/bin/true", ["true"], {})


@probe
def execveat(_: Targets) -> object:
    argv = (ctypes.c_char_p * 2)(b"true", None)
    return _raw(322, 281, (-100, ctypes.c_char_p(b"/bin/true"), argv, None, 0))


@probe
def ptrace_attach(targets: Targets) -> object:
    return _raw(101, 117, (16, targets["server"], 0, 0))


@probe
def ptrace_seize(targets: Targets) -> object:
    return _raw(101, 117, (0x4206, targets["server"], 0, 0))


@probe
def read_server_memory(targets: Targets) -> object:
    buffer = ctypes.create_string_buffer(8)
    here = (ctypes.c_size_t * 2)(ctypes.addressof(buffer), 8)
    there = (ctypes.c_size_t * 2)(0x400000, 8)
    return _raw(310, 270, (targets["server"], here, 1, there, 1, 0))


@probe
def kill_server(targets: Targets) -> None:
    os.kill(targets["server"], targets.get("signal", signal.SIGKILL))


@probe
def kill_everybody(_: Targets) -> None:
    os.kill(-1, 0)


@probe
def kill_group(_: Targets) -> None:
    os.kill(0, 0)


@probe
def tgkill_server(targets: Targets) -> object:
    return _raw(234, 131, (targets["server"], targets["server"], 9))


@probe
def queue_signal(targets: Targets) -> object:
    information = ctypes.create_string_buffer(128)
    ctypes.c_int.from_buffer(information, 0).value = 9
    ctypes.c_int.from_buffer(information, 8).value = -1  # SI_QUEUE
    return _raw(129, 138, (targets["server"], 9, information))


@probe
def pidfd_open_server(targets: Targets) -> object:
    return os.pidfd_open(targets["server"])


@probe
def pidfd_send_signal(_: Targets) -> object:
    return _raw(424, 424, (0, 9, 0, 0))


@probe
def own_descriptor_signals(targets: Targets) -> object:
    return fcntl.fcntl(_connection[0], fcntl.F_SETOWN, targets["server"])


# Memory


@probe
def one_large_allocation(_: Targets) -> object:
    return len(bytearray(1 << 30))


@probe
def many_small_allocations(_: Targets) -> object:
    hoard = []
    for number in range(40_000_000):
        hoard.append(str(number) * 10)
    return len(hoard)


@probe
def shared_mapping(_: Targets) -> object:
    mapping = mmap.mmap(-1, 1 << 30)
    mapping.close()
    return "mapped"


def _shared_address() -> int:
    """Return where the memory with the function's values is; the object is read-only."""
    view = memoryview(_values[0]._memory)
    buffer = (ctypes.c_char * 128)()
    if ctypes.pythonapi.PyObject_GetBuffer(ctypes.py_object(view), buffer, 0):
        raise OSError(errno.EFAULT, "no address")
    return int.from_bytes(bytes(buffer)[:8], "little")


@probe
def read_shared(_: Targets) -> object:
    return _values[0].read(b"kname")


@probe
def write_shared(_: Targets) -> None:
    ctypes.memset(_shared_address(), 1, 8)


@probe
def make_shared_writable(_: Targets) -> object:
    return _raw(10, 226, (ctypes.c_void_p(_shared_address()), SIZE, 3))  # mprotect


@probe
def make_shared_private_writable(_: Targets) -> object:
    """Move it where nothing keeps it from being written; a move keeps what is allowed."""
    moved = _raw(25, 216, (ctypes.c_void_p(_shared_address()), SIZE, SIZE, 1, 0))  # mremap
    return _raw(10, 226, (ctypes.c_void_p(moved), SIZE, 3))


@probe
def double_shared(_: Targets) -> object:
    """A size of 0 asks for a second mapping of the same memory."""
    copy = _raw(25, 216, (ctypes.c_void_p(_shared_address()), 0, SIZE, 1, 0))
    return _raw(10, 226, (ctypes.c_void_p(copy), SIZE, 3))


@probe
def empty_shared(_: Targets) -> object:
    return _raw(28, 233, (ctypes.c_void_p(_shared_address()), SIZE, 9))  # madvise, MADV_REMOVE


@probe
def cut_shared(_: Targets) -> None:
    for number in range(3, 64):
        os.ftruncate(number, 0)


@probe
def open_shared_again(_: Targets) -> object:
    with open(f"/proc/self/map_files/{_shared_address():x}-{_shared_address() + SIZE:x}", "r+b"):
        return "opened"


@probe
def seal_by_descriptor(_: Targets) -> object:
    return [fcntl.fcntl(number, fcntl.F_GET_SEALS) for number in range(3, 64)]


@probe
def memfd_create(_: Targets) -> object:
    return os.memfd_create("hoard")


@probe
def lock_memory(_: Targets) -> object:
    return _raw(151, 230, (1,))  # mlockall


# Getting more rights


@probe
def raise_limits(_: Targets) -> object:
    infinite = (ctypes.c_uint64 * 2)(2**64 - 1, 2**64 - 1)
    return _raw(302, 261, (0, int(resource.RLIMIT_AS), infinite, 0))


@probe
def chroot(_: Targets) -> None:
    os.chroot("/")


@probe
def become_dumpable(_: Targets) -> object:
    return _raw(157, 167, (4, 1, 0, 0, 0))


@probe
def push_terminal_input(_: Targets) -> object:
    return fcntl.ioctl(0, 0x5412, b"x")


@probe
def call_by_int80(_: Targets) -> object:
    if _column != 0:
        raise OSError(errno.ENOSYS, "x86 only")
    # mov eax, 20 (getpid of the 32-bit table); int 0x80; ret
    code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")
    return ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()


@probe
def call_by_x32(_: Targets) -> object:
    return _raw(0x40000000 | 39, None, ())


# What must work


@probe
def compute(_: Targets) -> object:
    blocks = [bytearray(1 << 20) for _ in range(32)]
    return [
        len(blocks),
        len(os.urandom(16)),
        time.monotonic() > 0,
        time.time() > 0,
        os.getpid() > 1,
        resource.getrlimit(resource.RLIMIT_FSIZE),
    ]


@probe
def run_machine_code(_: Targets) -> object:
    """As a just-in-time compiler does: write it, make it executable, run it."""
    size = 4096
    # mov eax, 42; ret  |  mov w0, 42; ret
    machine_code = (
        b"\xb8\x2a\x00\x00\x00\xc3" if _column == 0 else b"\x40\x05\x80\x52\xc0\x03\x5f\xd6"
    )
    code = mmap.mmap(-1, size, prot=mmap.PROT_READ | mmap.PROT_WRITE)
    code.write(machine_code)
    address = ctypes.addressof(ctypes.c_char.from_buffer(code))
    if _libc.mprotect(ctypes.c_void_p(address), ctypes.c_size_t(size), 5) != 0:
        raise OSError(ctypes.get_errno(), "mprotect")
    return ctypes.CFUNCTYPE(ctypes.c_int)(address)()


@probe
def recurse_deeply(_: Targets) -> object:
    """Take about 85 MB of C stack, more than LuaJIT ever does."""
    nested: tuple[object, ...] = ()
    for _level in range(1_400_000):
        nested = (nested,)
    return hash(nested) != 0


@probe
def signal_itself(_: Targets) -> None:
    signal.signal(signal.SIGUSR1, lambda *_: None)
    os.kill(os.getpid(), signal.SIGUSR1)


@probe
def spin(_: Targets) -> None:
    while True:
        pass


# What is in it


@probe
def environment(_: Targets) -> object:
    return dict(os.environ)


@probe
def descriptors(_: Targets) -> object:
    found = []
    for number in range(256):
        try:
            fcntl.fcntl(number, fcntl.F_GETFD)
        except OSError:
            continue
        found.append(number)
    found.remove(_connection[0].fileno())
    return found


@probe
def is_dumpable(_: Targets) -> object:
    return _raw(157, 167, (3, 0, 0, 0, 0))


@probe
def identity(_: Targets) -> object:
    return [os.getuid(), os.geteuid(), os.getgid(), os.getegid()]


@probe
def host_name(_: Targets) -> object:
    return os.uname().nodename


@probe
def working_directory(_: Targets) -> object:
    return os.getcwd()


@probe
def list_control_groups(_: Targets) -> object:
    return os.listdir("/sys/fs/cgroup")


@probe
def read_control_group(_: Targets) -> object:
    with open("/proc/self/cgroup") as file:
        return file.read()


@probe
def read_meminfo(_: Targets) -> object:
    with open("/proc/meminfo") as file:
        return file.readline().split(":")[0]


@probe
def parent(_: Targets) -> object:
    return os.getppid()


@probe
def loaded_modules(_: Targets) -> object:
    return " ".join(sorted(name for name in sys.modules if name.split(".")[0] == "perilune"))
