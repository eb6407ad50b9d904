"""tmeattn's checks of the model."""

from tmeattn_additive_attn import tmeattn_models

from tmeattn.testing import check_model


def test_the_contract_holds():
    check_model(tmeattn_models()[0], options={"score_size": 8})
