"""The full-screen program: Textual screens that start runs, watch them, and explain texts with them.

Training runs in processes of its own, so nothing here trains. Imports go one way: app, screens, widgets, messages and
session, wording, services, and last keys, themes and terminal.
"""
