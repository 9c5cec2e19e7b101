"""Functions that are templates: `Hello, $name!` is filled in from the query."""

from perilune.runtimes import Language, Wording, forked

TEMPLATE = Language(
    name="template",
    open_spawner=forked("perilune_template_worker"),
    wording=Wording(line_in=lambda message: None, tip_for=lambda kind, message, line: None),
    warm=1,
)
