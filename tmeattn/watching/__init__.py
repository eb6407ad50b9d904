"""A run as it is watched, without widgets: its state read from its files in parts, its log, and its charts."""
