"""Planted shortcuts: texts in which it is known which words decide, so that explanations have a right answer.

After Bastings et al. (2022, arXiv 2111.07367). In the order of use: `shortcuts` puts made-up words into texts, `texts`
writes the datasets, `training` finds or trains the runs on them, `finding` checks that a model uses the shortcut and
measures which methods find its words, and `study` does all of it. `results` holds what is shown.
"""
