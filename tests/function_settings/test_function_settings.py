"""What the declarations of settings promise to everything that is made from them."""

import pytest

from perilune.api.signatures import can_sign
from perilune.function_settings import SETTINGS, UpdateFunctionRequest
from perilune.store import Function

SCHEMES = [str(one) for one in SETTINGS["signature_scheme"].words]
SECRET = "whsec_" + "A" * 32


@pytest.mark.parametrize("name", ["code", "runtime", "id", "name = 1; --"])
def test_changes_of_what_is_no_setting_are_refused(name):
    with pytest.raises(TypeError, match="not to be changed"):
        UpdateFunctionRequest(**{name: "x"})


def test_a_missing_member_differs_from_null():
    assert UpdateFunctionRequest() != UpdateFunctionRequest(description=None)


def test_defaults_are_those_of_a_new_function():
    new = Function(id="x", name="n")

    assert {name: getattr(new, name) for name in SETTINGS.keys() - {"name", "cron_status"}} == {
        name: one.default for name, one in SETTINGS.items() if name not in ("name", "cron_status")
    }
    assert SETTINGS["cron_status"].default == "paused"


def test_people_are_told_of_every_setting_what_it_is_for_and_may_be():
    assert all(one.help.endswith(".") and one.values for one in SETTINGS.values())
    assert all(one.unset for one in SETTINGS.values() if one.is_clearable)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_scheme_that_can_be_chosen_can_sign(scheme):
    assert can_sign(scheme, SECRET)
