"""Starts the zygote: `__main__.py CONTROL_FD [--path DIRECTORY]... [--preload MODULE]...`.

With `--without LAYER`, workers leave out that layer.

The host runs this file with `python -I -S` and an empty environment, so the
directories with Perilune and its dependencies come as arguments.
"""

import sys


def main(arguments: list[str]) -> None:
    """Run the zygote until the host closes the control socket."""
    options: dict[str, list[str]] = {"--path": [], "--preload": [], "--without": []}
    for option, value in zip(arguments[1::2], arguments[2::2], strict=True):
        options[option].append(value)
    sys.path += options["--path"]

    # Only now can these be found.
    import socket

    from perilune.worker.zygote import run_zygote

    with socket.socket(fileno=int(arguments[0])) as control:
        run_zygote(control, options["--preload"], options["--without"])


if __name__ == "__main__":
    main(sys.argv[1:])
