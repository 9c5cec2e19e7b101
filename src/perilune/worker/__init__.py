"""The part of Perilune that runs inside the sandbox.

A worker process executes one invocation at a time and talks to the host over
one socket.  Nothing here imports another package of Perilune: a worker gets
all its input in frames, so nothing else can leak into it.
"""
