"""What the management API does, a module per subject; `perilune.api.routes` has the paths."""
