"""The work behind the screens, without widgets: run files, training processes, predictions, the form, the dataset."""
