import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmeattn.evaluation.meters import Meter, meter, normalized

batches = st.lists(
    st.tuples(st.floats(0, 5), st.lists(st.floats(0, 2.25, width=32), min_size=1, max_size=5)), min_size=1, max_size=6
)


def fill(measured, batch):
    loss, entropies = batch
    measured.add(
        loss=loss,
        cross_entropy=loss / 2,
        hits=1,
        lengths_B=np.full(len(entropies), 10),
        entropy_B=np.array(entropies, dtype=np.float32),
    )


@given(batches, st.integers(0, 6))
def test_a_meter_saved_and_restored_goes_on_exactly(done, cut):
    straight, first = meter(10), meter(10)
    for batch in done:
        fill(straight, batch)
    for batch in done[:cut]:
        fill(first, batch)
    second = Meter(**json.loads(json.dumps(first.state())))
    for batch in done[cut:]:
        fill(second, batch)
    assert second.means() == straight.means()
    assert sum(straight.means()["histogram"]["counts"]) == straight.texts


def test_entropy_is_normalised_by_the_texts_own_length():
    assert normalized(np.array([math.log(5), 0.0]), np.array([5, 1])) == pytest.approx([1, 0])
