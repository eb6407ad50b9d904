"""The table of keys: each action, its keys and where they hold. Bindings, footer, help and palette are made from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from textual.binding import Binding, BindingType

PLACES = {
    "app": "Everywhere",
    "runs": "Runs",
    "new": "New run",
    "run": "Run",
    "compare": "Compare",
    "queue": "Queue",
    "explain": "Explain",
    "data": "Data",
    "models": "Models",
}
"""The places where keys hold, each with its title in the help."""


@dataclass(frozen=True)
class Key:
    """One action.

    id:          `place.name`; the saved state has it where the user changed the keys.
    keys:        the default keys, separated by commas, as Textual names them.
    action:      the action method without `action_`, with its arguments if it has any.
    label:       the text in the footer; an empty label keeps the key out of the footer.
    description: one sentence for the help and the command palette.
    priority:    whether the key works while a text field has the focus.
    """

    id: str
    keys: str
    action: str
    label: str
    description: str
    priority: bool = False

    @property
    def place(self) -> str:
        return self.id.partition(".")[0]


KEYS: tuple[Key, ...] = (
    Key("app.help", "f1,question_mark", "help", "Help", "Show the keys of this screen, change them, read the manual."),
    Key("app.runs", "f2", "mode('runs')", "", "Open the runs.", priority=True),
    Key("app.explain", "f3", "mode('explain')", "", "Explain a text of your own.", priority=True),
    Key("app.data", "f4", "mode('data')", "", "Browse the texts of a dataset.", priority=True),
    Key("app.models", "f5", "mode('models')", "", "Browse the models and plugins.", priority=True),
    Key("app.palette", "ctrl+p", "command_palette", "", "Search all actions by name.", priority=True),
    Key(
        "app.theme",
        "f9",
        "next_theme",
        "",
        "Switch theme: dark, light, high contrast, colour-blind-safe.",
        priority=True,
    ),
    Key("app.suspend", "ctrl+z", "suspend_process", "", "Suspend tmeattn; the shell command fg resumes it."),
    Key("app.quit", "q", "quit", "Quit", "Quit; training processes continue."),
    Key("app.quit_always", "ctrl+q", "quit", "", "Quit, also from a text field.", priority=True),
    Key("runs.open", "enter", "open", "Open", "Open the selected run, with the curves of the marked runs."),
    Key("runs.new", "n", "new", "New", "Fill in the form of a new run."),
    Key("runs.like", "N", "like", "", "Fill in the form of a new run like the selected run."),
    Key("runs.mark", "space", "mark", "Mark", "Mark the selected run, to compare its curves, or unmark it."),
    Key("runs.compare", "c", "compare", "Compare", "Compare the marked runs, or the marked run with the selected one."),
    Key("runs.filter", "slash", "filter", "Filter", "Filter the runs, such as model:lstm acc>86 tag:paper."),
    Key(
        "runs.order",
        "o",
        "order",
        "Sort",
        "Sort by age, accuracy, model, state, name or the next column that is shown.",
    ),
    Key("runs.resume", "r", "resume", "Resume", "Resume the selected run, if it was stopped, killed or crashed."),
    Key("runs.stop", "s", "stop", "Stop", "Save a checkpoint and stop the selected run."),
    Key("runs.explain", "x", "explain", "", "Explain a text with the selected run."),
    Key("runs.rename", "e", "rename", "", "Rename the selected run."),
    Key("runs.delete", "d,delete", "delete", "", "Delete the marked runs or else the selected run."),
    Key("runs.copy", "y", "copy", "", "Copy the command that made the selected run."),
    Key("runs.reverse", "O", "reverse", "", "Reverse the order."),
    Key("runs.columns", "C", "columns", "Columns", "Choose the columns of the list."),
    Key("runs.sweep", "W", "sweep", "", "Show the runs of all sweeps, or only a line for each."),
    Key("runs.tag", "T", "tag", "Tags", "Add tags to the marked runs or else the selected run, or remove them."),
    Key("runs.queue", "Q", "queue", "Queue", "Show the runs that wait to be trained."),
    Key("runs.unmark", "escape", "unmark", "", "Clear filter and marks."),
    Key("new.start", "ctrl+s,f10", "start", "Start", "Start the run.", priority=True),
    Key("new.queue", "ctrl+t", "enqueue", "Queue", "Add the run to the queue, behind those that wait.", priority=True),
    Key("new.copy", "ctrl+y", "copy", "Copy command", "Copy the command that starts the same run.", priority=True),
    Key("new.reset", "ctrl+r", "reset", "Reset", "Reset all fields to the defaults of the recipe.", priority=True),
    Key("new.down", "down", "move(1)", "", "Go to the next field.", priority=True),
    Key("new.up", "up", "move(-1)", "", "Go to the previous field.", priority=True),
    Key("new.back", "escape", "back", "Back", "Go back to the runs without starting a run."),
    Key("run.pane_curves", "1", "pane('curves')", "", "Show the curves only; on a large screen again: all panes."),
    Key("run.pane_attention", "2", "pane('attention')", "", "Show the attention entropy: now, by epoch, by head."),
    Key("run.pane_watch", "3", "pane('watch')", "", "Show the watch list: predictions on a few validation texts."),
    Key("run.pane_log", "4", "pane('log')", "", "Show the log."),
    Key("run.pane_about", "5", "pane('about')", "", "Show the configuration, versions and command of the run."),
    Key("run.next_pane", "tab", "next_pane(1)", "", "Go to the next pane."),
    Key("run.previous_pane", "shift+tab", "next_pane(-1)", "", "Go to the previous pane."),
    Key("run.log_scale", "l", "log_scale", "Log scale", "Switch the loss between a logarithmic and a linear scale."),
    Key("run.cursor_left", "left,h", "cursor(-1)", "", "Move the cursor of all curves left."),
    Key("run.cursor_right", "right", "cursor(1)", "", "Move the cursor of all curves right."),
    Key("run.earlier", "left_square_bracket", "epoch(-1)", "", "Show the watch list one epoch earlier."),
    Key("run.later", "right_square_bracket", "epoch(1)", "", "Show the watch list one epoch later."),
    Key("run.stop", "s", "stop", "Stop", "Save a checkpoint and stop the run."),
    Key("run.checkpoint", "c", "checkpoint", "Save checkpoint", "Save a checkpoint now."),
    Key("run.resume", "r", "resume", "Resume", "Resume the run, if it was stopped, killed or crashed."),
    Key("run.explain", "x", "explain", "Explain", "Explain a text with this run."),
    Key("run.data", "t", "data", "", "Browse the texts of its dataset, with this run's predictions."),
    Key("run.copy", "y", "copy", "", "Copy the command that made the run."),
    Key("run.back", "escape,backspace", "back", "Back", "Go back to the runs; training continues."),
    Key(
        "compare.paired", "P", "paired", "Same texts", "Classify the validation texts with every run, to compare them."
    ),
    Key("compare.export", "e", "export", "Export", "Export the comparison to a file."),
    Key("compare.measure", "A", "measure", "Accuracy/loss", "Switch the curves between accuracy and loss."),
    Key("compare.split", "D", "split", "Split", "Show curves of the validation texts, the training texts, or both."),
    Key("compare.open", "enter", "unfold", "All options", "Show or hide the options that all runs share."),
    Key("compare.copy", "y", "copy", "", "Copy the command that prints the same comparison."),
    Key("compare.log_scale", "L", "log_scale", "", "Switch the loss between a logarithmic and a linear scale."),
    Key("compare.pane_results", "1", "pane('results')", "", "Show the results."),
    Key("compare.pane_curves", "2", "pane('curves')", "", "Show the curves."),
    Key("compare.pane_options", "3", "pane('options')", "", "Show the options."),
    Key("compare.next_pane", "tab", "next_pane(1)", "", "Go to the next pane."),
    Key("compare.previous_pane", "shift+tab", "next_pane(-1)", "", "Go to the previous pane."),
    Key("compare.left", "left,h", "cursor(-1)", "", "Move the cursor of the curves left."),
    Key("compare.right", "right,l", "cursor(1)", "", "Move the cursor of the curves right."),
    Key("compare.back", "escape", "back", "Back", "Stop classifying; again: go back to the runs."),
    Key("queue.open", "enter", "open", "Open", "Open the selected run."),
    Key("queue.resume", "r", "resume", "Train", "Train the queue, if no process does."),
    Key("queue.stop", "s", "stop", "Stop", "Save a checkpoint and stop the run that is trained; the next one begins."),
    Key("queue.delete", "d,delete", "delete", "Remove", "Remove the selected run from the queue."),
    Key("queue.new", "n", "new", "New", "Fill in the form of a new run."),
    Key("queue.copy", "y", "copy", "", "Copy the command of the selected run."),
    Key("queue.back", "escape", "back", "Back", "Go back to the runs; training continues."),
    Key("explain.text", "t", "text", "Edit", "Edit the text."),
    Key("explain.clear", "n", "clear", "", "Clear the text to type a new one."),
    Key("explain.drop", "x,delete,backspace", "drop", "Drop word", "Drop the selected word, or restore it."),
    Key("explain.undo", "u", "undo", "Undo", "Restore the word dropped last."),
    Key("explain.restore", "U", "restore", "", "Restore all dropped words."),
    Key("explain.method", "m", "method", "Method", "Switch to the next method that supports the model."),
    Key("explain.strong", "s", "strong", "Strongest", "Go to the next strongest word."),
    Key("explain.export", "e", "export", "Export", "Export the explanation to a file."),
    Key("explain.left", "left,h", "word(-1)", "", "Go to the previous word."),
    Key("explain.right", "right,l", "word(1)", "", "Go to the next word."),
    Key("explain.up", "up,k", "line(-1)", "", "Go to the word above."),
    Key("explain.down", "down,j", "line(1)", "", "Go to the word below."),
    Key("explain.page_up", "pageup", "page(-1)", "", "Go one page up."),
    Key("explain.page_down", "pagedown", "page(1)", "", "Go one page down."),
    Key("explain.first", "home", "first", "", "Go to the first word."),
    Key("explain.last", "end", "last", "", "Go to the last word."),
    Key("explain.back", "escape", "back", "", "Leave the text field; again: go back to the runs."),
    Key("data.open", "enter", "open", "Explain", "Explain the selected text."),
    Key("data.search", "slash", "search", "Search", "Search the texts."),
    Key("data.wrong", "w", "wrong", "Show errors", "Show only texts with a wrong prediction, or all texts again."),
    Key("data.clear", "r", "clear", "Clear", "Clear search and filters."),
    Key("data.statistics", "s", "statistics", "Statistics", "Show statistics of the dataset, or the text again."),
    Key("data.back", "escape", "back", "", "Leave the search field / cancel; again: go back to the runs."),
    Key("models.train", "t", "train", "Train", "Fill in the form of a new run of the highlighted model."),
    Key("models.page", "space", "page", "", "Go to the page to scroll it, or back to the list."),
    Key("models.back", "escape", "back", "", "Go back to the runs."),
)


def bindings(place: str) -> list[BindingType]:
    """The bindings of a screen or of the application. Their ids let the user change the keys."""
    return [_binding(key) for key in KEYS if key.place == place]


def _binding(key: Key) -> Binding:
    return Binding(
        key.keys,
        key.action,
        key.label,
        id=key.id,
        show=bool(key.label),
        priority=key.priority,
        tooltip=key.description,
    )


def keymap(remapped: Mapping[str, str]) -> dict[str, str]:
    """The user's keys by the id of the action, without ids that do not exist."""
    known = {key.id for key in KEYS}
    return {action: keys for action, keys in remapped.items() if action in known and keys}


def keys_of(key: Key, remapped: Mapping[str, str]) -> str:
    """The present keys of an action: the user's keys or else the default keys."""
    return keymap(remapped).get(key.id, key.keys)


def display(keys: str) -> str:
    """Keys as the screens show them, for example ? for `question_mark`."""
    return " ".join(map(_display, keys.split(",")))


def display_for(action: str, remapped: Mapping[str, str]) -> str:
    """The present keys of the action with this id, as the screens show them."""
    return display(keys_of(next(key for key in KEYS if key.id == action), remapped))


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


def _display(key: str) -> str:
    *modifiers, last = key.strip().split("+") if key.strip() != "+" else ["+"]
    name = _NAMES.get(last, last.upper() if last[:1] == "f" and last[1:].isdigit() else last)
    return "+".join([*modifiers, name])


def conflict(keys: Iterable[str], of: Key, remapped: Mapping[str, str]) -> Key | None:
    """Another action that has one of these keys and holds in the same place as `of`; None without any."""
    wanted = set(keys)
    for other in KEYS:
        same_place = other.id != of.id and (other.place == of.place or "app" in (other.place, of.place))
        if same_place and wanted & set(keys_of(other, remapped).split(",")):
            return other
    return None
