"""From texts to batches of token ids.

In the order of use: `tokenizers` splits a text into tokens; `pool` does so in several processes, each of which runs
`pool_worker`; `vocabulary` gives the words their ids; `dataset_check` verifies the splits of a dataset and `encode`
writes their token ids; `corpus` keeps the encoded dataset in the cache; `batches` pads and masks what a model reads.
"""
