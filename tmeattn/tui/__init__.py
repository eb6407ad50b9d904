"""The live laboratory: Textual screens that watch runs, start them, and read with them. Nothing here trains."""
