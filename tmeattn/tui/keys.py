"""The one table of keys: what a key does and where. Bindings, footer, key help and remapping all come from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from textual.binding import Binding, BindingType

PLACES = {
    "app": "Everywhere",
    "runs": "Runs",
    "new": "New run",
    "run": "Run",
    "explain": "Explain",
    "data": "Data",
    "models": "Models",
}
"""Where keys hold, and how the key help calls it."""


@dataclass(frozen=True)
class Key:
    """One action.

    id:       stands in the state file when the user gives it another key; `place.name`.
    keys:     default keys, separated by commas, as Textual names them.
    action:   the action method without `action_`, with arguments where it has any.
    label:    what the footer says; nothing keeps it out of the footer.
    does:     one sentence for the key help and the command palette.
    priority: whether it works while a text field has the focus.
    """

    id: str
    keys: str
    action: str
    label: str
    does: str
    priority: bool = False

    @property
    def place(self) -> str:
        return self.id.partition(".")[0]


KEYS: tuple[Key, ...] = (
    Key("app.help", "f1,question_mark", "help", "Help", "Show all keys of this screen and change them."),
    Key("app.runs", "f2", "mode('runs')", "", "Go to the runs.", priority=True),
    Key("app.explain", "f3", "mode('explain')", "", "Explain a text of your own.", priority=True),
    Key("app.data", "f4", "mode('data')", "", "Browse the texts of a dataset.", priority=True),
    Key("app.models", "f5", "mode('models')", "", "Read about models and plugins.", priority=True),
    Key("app.palette", "ctrl+p", "command_palette", "", "Find any action by its name.", priority=True),
    Key(
        "app.theme", "f9", "next_theme", "", "Next theme: dark, light, high contrast, colour-blind-safe.", priority=True
    ),
    Key("app.suspend", "ctrl+z", "suspend_process", "", "Put tmeattn into the background (fg brings it back)."),
    Key("app.quit", "q", "quit", "Quit", "Leave; runs that train go on training."),
    Key("app.quit_always", "ctrl+q", "quit", "", "Leave, also from a text field.", priority=True),
    Key("runs.open", "enter", "open", "Open", "Open the run under the cursor, overlaid by the marked ones."),
    Key("runs.new", "n", "new", "New", "Train a new run."),
    Key("runs.like", "N", "like", "", "Train a new run with the options of the one under the cursor."),
    Key("runs.mark", "space", "mark", "Mark", "Mark a run, to overlay its curves."),
    Key("runs.filter", "slash", "filter", "Filter", "Show only runs that contain what you type."),
    Key("runs.order", "o", "order", "Order", "Sort by age, accuracy, model, state or name."),
    Key("runs.resume", "r", "resume", "Resume", "Continue a run that was stopped, killed or crashed."),
    Key("runs.stop", "s", "stop", "Stop", "Ask a running run to save and stop."),
    Key("runs.explain", "x", "explain", "", "Explain a text with this run."),
    Key("runs.rename", "e", "rename", "", "Give the run a name of your own."),
    Key("runs.delete", "d,delete", "delete", "", "Delete a run for good, or all marked ones; asks first."),
    Key("runs.copy", "y", "copy", "", "Copy the command line that made the run."),
    Key("runs.unmark", "escape", "unmark", "", "Take the filter and all marks away."),
    Key("new.start", "ctrl+s,f10", "start", "Start", "Start the run.", priority=True),
    Key("new.copy", "ctrl+y", "copy", "Copy command", "Copy the command line that does the same.", priority=True),
    Key("new.reset", "ctrl+r", "reset", "Defaults", "Everything as the recipe has it.", priority=True),
    Key("new.down", "down", "move(1)", "", "Next field.", priority=True),
    Key("new.up", "up", "move(-1)", "", "Field before.", priority=True),
    Key("new.back", "escape", "back", "Back", "Back to the runs without starting one."),
    Key("run.pane_curves", "1", "pane('curves')", "", "Curves alone; again: everything, where there is room."),
    Key("run.pane_attention", "2", "pane('attention')", "", "Attention entropy: now, over the epochs, by head."),
    Key("run.pane_watch", "3", "pane('watch')", "", "The watch list: what the model makes of a few reviews."),
    Key("run.pane_log", "4", "pane('log')", "", "The log."),
    Key("run.pane_about", "5", "pane('about')", "", "Configuration, versions and command of the run."),
    Key("run.next_pane", "tab", "next_pane(1)", "", "Next pane."),
    Key("run.previous_pane", "shift+tab", "next_pane(-1)", "", "Pane before."),
    Key("run.log_scale", "l", "log_scale", "Log scale", "Logarithmic scale for the loss, or linear again."),
    Key("run.cursor_left", "left,h", "cursor(-1)", "", "Move the cursor of all curves left."),
    Key("run.cursor_right", "right", "cursor(1)", "", "Move the cursor of all curves right."),
    Key("run.earlier", "left_square_bracket", "epoch(-1)", "", "The watch list one epoch earlier."),
    Key("run.later", "right_square_bracket", "epoch(1)", "", "The watch list one epoch later."),
    Key("run.stop", "s", "stop", "Stop", "Ask the run to save and stop."),
    Key("run.checkpoint", "c", "checkpoint", "Save now", "Ask the run for a checkpoint now."),
    Key("run.resume", "r", "resume", "Resume", "Continue a run that was stopped, killed or crashed."),
    Key("run.explain", "x", "explain", "Explain", "Explain a text with this run."),
    Key("run.data", "t", "data", "", "Browse the texts of its dataset, as this run sees them."),
    Key("run.copy", "y", "copy", "", "Copy the command line that made the run."),
    Key("run.back", "escape,backspace", "back", "Back", "Back to the runs; it goes on training."),
    Key("explain.text", "t", "text", "Text", "Edit the text."),
    Key("explain.clear", "n", "clear", "", "Begin a new, empty text."),
    Key("explain.drop", "x,delete,backspace", "drop", "Drop word", "Drop the word at the cursor, or bring it back."),
    Key("explain.undo", "u", "undo", "Undo", "Bring back the word dropped last."),
    Key("explain.restore", "U", "restore", "", "Bring back all words."),
    Key("explain.method", "m", "method", "Method", "The next method that can serve the model."),
    Key("explain.strong", "s", "strong", "Strongest", "To the next strongest word."),
    Key("explain.export", "e", "export", "Export", "Write the explanation to a file."),
    Key("explain.left", "left,h", "word(-1)", "", "One word back."),
    Key("explain.right", "right,l", "word(1)", "", "One word on."),
    Key("explain.up", "up,k", "line(-1)", "", "To the word above."),
    Key("explain.down", "down,j", "line(1)", "", "To the word below."),
    Key("explain.page_up", "pageup", "page(-1)", "", "A page up."),
    Key("explain.page_down", "pagedown", "page(1)", "", "A page down."),
    Key("explain.first", "home", "first", "", "To the first word."),
    Key("explain.last", "end", "last", "", "To the last word."),
    Key("explain.back", "escape", "back", "", "Out of the text field; else back to the runs."),
    Key("data.open", "enter", "open", "Explain", "Open the text in Explain."),
    Key("data.search", "slash", "search", "Search", "Search the texts."),
    Key("data.wrong", "w", "wrong", "Wrong", "Only texts that the run gets wrong, or all again."),
    Key("data.clear", "r", "clear", "Clear", "Show all texts of the split."),
    Key("data.statistics", "s", "statistics", "Statistics", "Statistics of the dataset, or the text again."),
    Key("data.back", "escape", "back", "", "Out of the search field or a reckoning; else back to the runs."),
    Key("models.train", "t", "train", "Train", "Train the highlighted model: fill in the form of a new run."),
    Key("models.page", "space", "page", "", "To the page, to scroll it, or back to the list."),
    Key("models.back", "escape", "back", "", "Back to the runs."),
)


def bindings(place: str) -> list[BindingType]:
    """The bindings of a screen (or of the app), remappable by their ids."""
    return [_binding(key) for key in KEYS if key.place == place]


def _binding(key: Key) -> Binding:
    return Binding(
        key.keys, key.action, key.label, id=key.id, show=bool(key.label), priority=key.priority, tooltip=key.does
    )


def keymap(remapped: Mapping[str, str]) -> dict[str, str]:
    """The user's own keys, for ids that exist."""
    known = {key.id for key in KEYS}
    return {action: keys for action, keys in remapped.items() if action in known and keys}


def keys_of(key: Key, remapped: Mapping[str, str]) -> str:
    """The keys of an action as they are now."""
    return keymap(remapped).get(key.id, key.keys)


def shown(keys: str) -> str:
    """Keys as people read them: `question_mark` is ?."""
    return " ".join(map(_shown, keys.split(",")))


def shown_for(action: str, remapped: Mapping[str, str]) -> str:
    """The keys of the action with this id as people read them."""
    return shown(keys_of(next(key for key in KEYS if key.id == action), remapped))


_NAMES = {
    "question_mark": "?",
    "slash": "/",
    "escape": "esc",
    "plus": "+",
    "minus": "-",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "comma": ",",
    "full_stop": ".",
    "delete": "del",
}


def _shown(key: str) -> str:
    *modifiers, last = key.strip().split("+") if key.strip() != "+" else ["+"]
    name = _NAMES.get(last, last.upper() if last[:1] == "f" and last[1:].isdigit() else last)
    return "+".join([*modifiers, name])


def taken_by(keys: Iterable[str], of: Key, remapped: Mapping[str, str]) -> Key | None:
    """Another action that already has one of these keys where `of` holds."""
    wanted = set(keys)
    for other in KEYS:
        beside = other.id != of.id and (other.place == of.place or "app" in (other.place, of.place))
        if beside and wanted & set(keys_of(other, remapped).split(",")):
            return other
    return None
