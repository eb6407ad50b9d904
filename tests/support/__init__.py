"""What several tests share: datasets with planted words, logged runs, screens to drive, explanations made by hand."""
