"""Pretrained word vectors.

In the order of use: `pretrained` opens GloVe, or a text file of the user; `parse` reads blocks of lines of such a file;
`store` keeps the parsed vectors on disk, memory-maps them and looks words up.
"""
