"""The limits of what is read, and the variables that raise them."""

from __future__ import annotations

import pytest

from tmeattn.errors import BadInput
from tmeattn.limits import FREE_EXPANSION, LARGEST_EXPANSION, TEXT, UNPACKED, Unpacking


@pytest.mark.parametrize("given", ["0", "-1", "1.5", "many", "٣", "9" * 16])
def test_a_limit_is_a_whole_number_above_zero(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv(TEXT.variable, given)
    with pytest.raises(BadInput) as caught:
        _ = TEXT.value
    assert caught.value.message == (
        f"The environment variable TMEATTN_MAX_TEXT_MIB is {given!r}, not a whole number above 0."
    )
    assert caught.value.hint == "Set it to a number (MiB), or remove it."


@pytest.mark.parametrize(("given", "mebibytes"), [(None, 16), ("", 16), (" 3 ", 3)])
def test_a_variable_sets_a_limit(monkeypatch: pytest.MonkeyPatch, given: str | None, mebibytes: int) -> None:
    monkeypatch.delenv(TEXT.variable, raising=False)
    if given is not None:
        monkeypatch.setenv(TEXT.variable, given)
    assert TEXT.value == mebibytes * 2**20


def test_a_file_unpacks_to_so_many_bytes_or_times_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(UNPACKED.variable, raising=False)
    packed = 1000
    file = Unpacking("texts.gz")
    file.count(FREE_EXPANSION + LARGEST_EXPANSION * packed, packed)
    with pytest.raises(BadInput, match=r"texts\.gz unpacks to more than 100 times its size"):
        file.count(1)
    monkeypatch.setenv(UNPACKED.variable, "1")  # the user has chosen: only the bytes count
    file.count(2**30 - file.unpacked)
    with pytest.raises(BadInput) as caught:
        file.count(1)
    assert caught.value.message == "texts.gz unpacks to more than 1 GiB."
    assert "TMEATTN_MAX_UNPACKED_GIB" in (caught.value.hint or "")
