"""The part of Perilune that runs inside the sandbox.

A worker process executes one invocation at a time and talks to the host over
one socket.  Nothing here imports another room of Perilune: what a worker
needs arrives in frames, so nothing else can leak into it.
"""
