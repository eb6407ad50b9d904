"""One model for several threads: each thread calls a copy of its own, and all copies share their weights.

The modules of torch keep state in themselves: hooks, the flag `training`, and whatever else a model stores while it is
called. A thread that replaces the word vectors of a model by a hook would change what another thread predicts. So no
two threads call the same modules.
"""

from __future__ import annotations

import copy
import threading
from itertools import chain

import torch
from torch import nn

from tmeattn.errors import BadInput
from tmeattn.foreign import ForeignFailure, foreign_code


class ThreadModels:
    """The copies of a model, one for each thread. Parameters and buffers are shared, so a copy takes little memory."""

    def __init__(self, model: nn.Module, name: str) -> None:
        """`model` has not been called yet. `name` is its name in messages."""
        self._model, self._name = model, name
        self._lock = threading.Lock()
        self._own = threading.local()
        self._only_thread: int | None = None
        self._reason = ""

    def of_this_thread(self) -> nn.Module:
        """The copy of the calling thread.

        Raises:
            BadInput: the model cannot be copied, and another thread has called it before.
        """
        own: nn.Module | None = getattr(self._own, "model", None)
        if own is None:
            with self._lock:
                own = self._own.model = self._copy()
        return own

    def new_copy(self) -> nn.Module:
        """A copy with weights of its own, to be trained for example.

        Raises:
            BadInput: the model cannot be copied.
        """
        try:
            with self._lock, torch.inference_mode(False), foreign_code():
                copied = copy.deepcopy(self._model)
        except ForeignFailure as failure:
            raise BadInput(f"{self._name} cannot be copied: {failure}.") from failure.error
        for module in copied.modules():
            if isinstance(module, nn.RNNBase):
                module.flatten_parameters()  # into one piece of memory, which cuDNN demands
        return copied

    def _copy(self) -> nn.Module:
        """A copy, or the model itself for the first thread if it cannot be copied."""
        if self._only_thread is None:
            shared = {id(tensor): tensor for tensor in chain(self._model.parameters(), self._model.buffers())}
            try:
                with torch.inference_mode(False), foreign_code():  # other tensors of the model are copied
                    return copy.deepcopy(self._model, shared)
            except ForeignFailure as failure:
                self._only_thread, self._reason = threading.get_ident(), str(failure)
        if self._only_thread != threading.get_ident():
            raise BadInput(
                f"{self._name} cannot be used by a second thread, because it cannot be copied: {self._reason}.",
                hint="Load the run once in each thread, or keep what cannot be copied out of the module.",
            )
        return self._model
