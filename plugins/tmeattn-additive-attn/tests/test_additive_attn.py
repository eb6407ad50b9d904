"""tmeattn's checks of the model."""

import pytest
from tmeattn_additive_attn import tmeattn_models

from tmeattn.testing import check_model, check_onnx


def test_the_contract_holds():
    check_model(tmeattn_models()[0], options={"score_size": 8})


def test_the_onnx_file_gives_the_same():
    pytest.importorskip("onnxscript", reason="the extra onnx is not installed")
    check_onnx(tmeattn_models()[0], options={"score_size": 8})
