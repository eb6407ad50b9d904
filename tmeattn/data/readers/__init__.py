"""Labelled files and folders of the user, imported once into the cache.

In the order of use: `user_files` decides what a path holds; `text_io` decodes text files; `tables` reads rows of CSV,
TSV, JSON lines, Parquet and fastText files, and `columns` finds text and label in them; `folders` and `archives` read
trees of text files; `text_writer` writes the texts to disk and splits them, and `text_store` opens them again.
"""
