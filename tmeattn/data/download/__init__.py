"""Published data files.

In the order of use: `wheels` finds data files in installed Python packages; `catalog` lists the files that can be
downloaded or added, and installs them; `fetch` downloads one and verifies its SHA-256.
"""
