"""Datasets and word vectors, from their files to batches of token ids.

A run uses the modules in this order: `sources` finds a dataset or word vectors by name or by path; `builtin_datasets`
opens the built-in datasets, and `download` fetches their files; `readers` imports the user's own files;
`holdout` chooses validation texts; `vectors` parses word vectors; `encoding` makes token ids and batches. `cache` keeps
what was imported, parsed and encoded. `statistics` describes a dataset.
"""
