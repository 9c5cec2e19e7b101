"""One text of each statement for both databases, and what stands for their differences."""

import re
from importlib import resources

import pytest

from perilune.store.database.statements import for_postgres, in_both, load_statements

CONCERNS = sorted(
    file.name.removesuffix(".sql")
    for file in resources.files("perilune.store").joinpath("sql").iterdir()
    if file.name.endswith(".sql")
)


@pytest.mark.parametrize(
    ("template", "sqlite", "postgres"),
    [
        ("a = ?2 AND b = ?1", None, "a = $2 AND b = $1"),
        ("a = ?1 OR b = ?1 LIMIT ? OFFSET ?", None, "a = $1 OR b = $1 LIMIT $2 OFFSET $3"),
        ("SELECT x FROM t {use i}", "SELECT x FROM t INDEXED BY i", "SELECT x FROM t "),
        ("{unindexed t.a} = 1", "+t.a = 1", "t.a = 1"),
        (
            "seq IN ({numbers in ?2})",
            "seq IN (SELECT value FROM json_each(?2))",
            "seq IN (SELECT json_array_elements_text($2::json)::bigint)",
        ),
        ("{bytes of t.a}", "length(CAST(t.a AS BLOB))", "octet_length(t.a)"),
        ("a {like} ?", "a LIKE ?", "a ILIKE $1"),
        ("{any case t.a} DESC", "t.a COLLATE NOCASE DESC", "lower(t.a) DESC"),
    ],
)  # fmt: skip
def test_a_text_says_the_same_to_both(template, sqlite, postgres):
    text = in_both(template)

    assert text == (sqlite or template)
    assert for_postgres(text) == postgres


@pytest.mark.parametrize("concern", CONCERNS)
def test_no_fragment_is_left(concern):
    texts = load_statements(concern)

    assert texts
    for text in texts.values():
        for one in (text, for_postgres(text)):
            assert re.findall(r"\{(?:\w+ [^}]*|place|like|now|lesser|greater)\}", one) == []
        assert "?" not in for_postgres(re.sub(r"--.*", "", text))


def test_texts_that_differ_for_postgresql_alone_are_refused():
    """What a connection is given is SQLite's text: it could not tell which is meant."""
    in_both("SELECT rowid FROM {place}")

    with pytest.raises(ValueError, match="the same for SQLite"):
        in_both("SELECT {place} FROM rowid")
