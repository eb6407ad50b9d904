"""Data-parallel training: several processes train one run, each with its share of the texts of every batch.

Rank 0 is the process that the user started: it alone writes the run. It starts the others on this computer (`launch`),
or torchrun or srun has started all of them (`place`). The others follow what rank 0 tells them (`follow`).
"""
