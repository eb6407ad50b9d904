"""The types of events are documented: every kind, every field, in the form that the manual is derived from."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from tmeattn.runs.event_types import EVENT_TYPES, PART_TYPES, EpochEvent, Event, Field, fields_of


def test_every_type_is_listed_under_its_kind() -> None:
    assert set(EVENT_TYPES.values()) == set(get_args(Event))
    for kind, event_type in EVENT_TYPES.items():
        assert get_args(event_type.__annotations__["kind"]) == (kind,)


@pytest.mark.parametrize("event_type", [*EVENT_TYPES.values(), *PART_TYPES.values()])
def test_every_type_and_field_has_a_description(event_type: Any) -> None:
    assert event_type.__doc__.endswith(".")
    names = [field.name for field in fields_of(event_type)]
    assert names
    assert set(names) == set(event_type.__annotations__) - {"kind"}
    for field in fields_of(event_type):
        assert field.description[0].isupper()


def test_fields_name_types_and_what_may_be_missing() -> None:
    fields = {field.name: field for field in fields_of(EpochEvent)}
    assert fields["train"].type == "EpochPart"
    assert fields["train"].required
    assert not fields["time"].required
    parts = {field.name: field for field in fields_of(PART_TYPES["EpochPart"])}
    assert parts["histogram"].type == "Histogram | None"
    assert parts["heads"] == Field(
        "heads", "list[list[float]]", "Self-attention: entropy of each head in each layer, nats", required=False
    )
