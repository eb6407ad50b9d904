"""The screens of the application, one file each. They post messages (tui/messages.py) and share a `Session`."""
