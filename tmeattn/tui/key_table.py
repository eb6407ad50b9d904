"""The table of keys: each action, its keys and where they hold. Bindings, footer, help and palette are made from it."""

from __future__ import annotations

from dataclasses import dataclass

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
    "map": "Attention map",
    "evaluation": "Evaluation",
    "reproduce": "Reproduce",
}
"""The places where keys hold, each with its title in the help."""


LETTERS = {
    "a": "attention",
    "A": "measure",
    "b": "browse",
    "c": "compare",
    "C": "columns",
    "d": "delete",
    "D": "split",
    "e": "export",
    "f": "smooth",
    "F": "follow",
    "g": "first",
    "G": "last",
    "h": "left",
    "H": "heads",
    "i": "statistics",
    "j": "down",
    "k": "up",
    "l": "right",
    "L": "log_scale",
    "m": "mistakes",
    "M": "method",
    "n": "new",
    "N": "like",
    "o": "order",
    "O": "reverse",
    "p": "reproduce",
    "P": "paired",
    "q": "quit",
    "Q": "queue",
    "r": "resume",
    "R": "rename",
    "s": "stop",
    "S": "checkpoint",
    "t": "text",
    "T": "tag",
    "u": "undo",
    "U": "reset",
    "v": "evaluate",
    "V": "charts",
    "w": "watch",
    "W": "sweep",
    "x": "explain",
    "X": "axis",
    "y": "copy",
    "z": "zoom",
}
"""Each letter means one verb on all screens: the part of an action's id after the place. Free: B E I J K Y Z.

A question with two buttons takes y and n as its answers. `q` closes a window over a screen.
"""


@dataclass(frozen=True)
class Key:
    """One action.

    id:          `place.verb`; the saved state has it where the user changed the keys. See `LETTERS` and `RENAMED`.
    keys:        the default keys, separated by commas, as Textual names them.
    action:      the action method without `action_`, with its arguments if it has any.
    label:       the text in the footer; an empty label keeps the key out of the footer.
    description: one sentence for the help and the command palette.
    priority:    whether the key works while a text field has the focus.
    pane:        the id of a widget: the footer shows the key only while the focus is in that widget, and first.
    leads:       whether the footer shows it among those of the focused pane, in the order of this table.
    """

    id: str
    keys: str
    action: str
    label: str
    description: str
    priority: bool = False
    pane: str = ""
    leads: bool = False

    @property
    def place(self) -> str:
        return self.id.partition(".")[0]

    @property
    def verb(self) -> str:
        return self.id.partition(".")[2]


KEYS: tuple[Key, ...] = (
    Key("app.help", "f1,question_mark", "help", "Help", "Show the keys of this screen, change them, read the manual."),
    Key("app.palette", "ctrl+p", "command_palette", "Palette", "Search all actions and runs by name.", priority=True),
    Key("app.runs", "f2", "mode('runs')", "", "Open the runs; in a run: go to the list of all runs.", priority=True),
    Key("app.explain", "f3", "mode('explain')", "", "Explain a text of your own.", priority=True),
    Key("app.data", "f4", "mode('data')", "", "Browse the texts of a dataset.", priority=True),
    Key("app.models", "f5", "mode('models')", "", "Browse the models and plugins.", priority=True),
    Key(
        "app.theme",
        "f9",
        "next_theme",
        "Theme",
        "Switch theme: dark, light, high contrast, colour-blind-safe.",
        priority=True,
    ),
    Key("app.suspend", "ctrl+z", "suspend_process", "", "Suspend tmeattn; the shell command fg resumes it."),
    Key("app.quit", "q", "leave", "Quit", "Quit, outside of fields and forms; training processes continue."),
    Key("app.quit_always", "ctrl+q", "quit", "", "Quit, also from a field or a form.", priority=True),
    Key("runs.open", "enter", "open", "Open", "Open the selected run, with the curves of the marked runs."),
    Key("runs.compare", "c", "compare", "Compare", "Compare the marked runs, or the marked run with the selected one."),
    Key("runs.new", "n", "new", "New", "Fill in the form of a new run."),
    Key("runs.unmark", "escape", "unmark", "Clear", "Clear filter and marks."),
    Key("runs.stop", "s", "stop", "Stop", "Save a checkpoint and stop the selected run."),
    Key("runs.resume", "r", "resume", "Resume", "Resume the selected run, if it was stopped, killed or crashed."),
    Key(
        "runs.mark", "space", "mark", "Mark", "Mark the selected run, to compare it, or unmark it, and go to the next."
    ),
    Key("runs.explain", "x", "explain", "Explain", "Explain a text with the selected run."),
    Key(
        "runs.evaluate", "v", "evaluate", "Evaluate", "Show confusion matrix, classes and mistakes of the selected run."
    ),
    Key("runs.delete", "d,delete", "delete", "Delete", "Delete the marked runs or else the selected run."),
    Key("runs.filter", "slash", "filter", "Filter", "Filter the runs, such as model:lstm acc>86 tag:paper."),
    Key(
        "runs.order",
        "o",
        "order",
        "Sort",
        "Sort by age, accuracy, model, state, name or the next column that is shown.",
    ),
    Key("runs.reverse", "O", "reverse", "Reverse", "Reverse the order."),
    Key("runs.columns", "C", "columns", "Columns", "Choose the columns of the list."),
    Key("runs.tag", "T", "tag", "Tags", "Add tags to the marked runs or else the selected run, or remove them."),
    Key("runs.queue", "Q", "queue", "Queue", "Show the runs that wait to be trained."),
    Key("runs.sweep", "W", "sweep", "Sweeps", "Show the runs of all sweeps, or only a line for each."),
    Key("runs.reproduce", "p", "reproduce", "Reproduce", "Reproduce the tables and figures of the report."),
    Key("runs.like", "N", "like", "New like this", "Fill in the form of a new run like the selected run."),
    Key("runs.rename", "R", "rename", "Rename", "Rename the selected run."),
    Key("runs.browse", "b", "browse", "Texts", "Browse the texts of the selected run's dataset, with its predictions."),
    Key("runs.copy", "y", "copy", "Copy command", "Copy the command that made the selected run."),
    Key("new.start", "ctrl+s,f10", "start", "Start", "Start the run.", priority=True),
    Key("new.queue", "ctrl+t", "enqueue", "Queue", "Add the run to the queue, behind those that wait.", priority=True),
    Key("new.copy", "ctrl+y", "copy", "Copy command", "Copy the command that starts the same run.", priority=True),
    Key("new.reset", "ctrl+r", "reset", "Reset", "Reset all fields to the defaults of the recipe.", priority=True),
    Key("new.down", "down", "move(1)", "", "Go to the next field.", priority=True),
    Key("new.up", "up", "move(-1)", "", "Go to the previous field.", priority=True),
    Key("new.page_down", "pagedown", "page(1)", "", "Go one page of fields down.", priority=True),
    Key("new.page_up", "pageup", "page(-1)", "", "Go one page of fields up.", priority=True),
    Key("new.top", "ctrl+home", "jump(0)", "", "Go to the first field.", priority=True),
    Key("new.bottom", "ctrl+end", "jump(-1)", "", "Go to the last field.", priority=True),
    Key("new.back", "escape", "back", "Back", "Go back without starting a run."),
    Key("run.log_search", "slash", "search", "Search", "Search the log.", pane="log"),
    Key("run.log_fold", "enter", "fold", "Output", "Show or hide the output of a process that failed.", pane="log"),
    Key("run.stop", "s", "stop", "Stop", "Save a checkpoint and stop the run.", leads=True),
    Key("run.resume", "r", "resume", "Resume", "Resume the run, if it was stopped, killed or crashed.", leads=True),
    Key("run.explain", "x", "explain", "Explain", "Explain a text with this run.", leads=True),
    Key("run.checkpoint", "S", "checkpoint", "Save checkpoint", "Save a checkpoint now.", leads=True),
    Key(
        "run.evaluate",
        "v",
        "evaluate",
        "Evaluate",
        "Show confusion matrix, classes, mistakes and faithfulness.",
        leads=True,
    ),
    Key("run.mistakes", "m", "mistakes", "Mistakes", "Show the mistakes of the run with their heatmaps.", leads=True),
    Key("run.attention", "a", "attention", "Map", "Show the attention map of a validation text.", leads=True),
    Key("run.charts", "V", "charts", "Charts", "Show the next charts: learning rate, speed, CPU.", pane="curves"),
    Key("run.axis", "X", "axis", "Axis", "Draw the curves over epochs, steps or time.", pane="curves"),
    Key("run.smooth", "f", "smooth", "Smooth", "Smooth the curves of the steps: 0.6, 0.9, 0.98, no.", pane="curves"),
    Key("run.zoom_in", "plus,equals_sign", "zoom_x(1)", "Zoom", "Show half as much of the x axis.", pane="curves"),
    Key("run.log_scale", "L", "log_scale", "Log scale", "Switch the loss to a logarithmic scale.", pane="curves"),
    Key("run.zoom", "z", "zoom", "Enlarge", "Give a chart or a pane the whole screen, or take it back."),
    Key("run.next_pane", "tab", "next_pane(1)", "", "Go to the next pane."),
    Key("run.previous_pane", "shift+tab", "next_pane(-1)", "", "Go to the previous pane."),
    Key("run.pane_curves", "1", "pane('curves')", "", "Show the curves only; on a large screen again: all panes."),
    Key("run.pane_attention", "2", "pane('attention')", "", "Show the attention entropy: now, by epoch, by head."),
    Key("run.pane_watch", "3", "pane('watch')", "", "Show the watch list: predictions on a few texts."),
    Key("run.pane_log", "4", "pane('log')", "", "Show the log."),
    Key("run.pane_about", "5", "pane('about')", "", "Show the configuration, versions and command of the run."),
    Key("run.left", "left,h", "cursor(-1)", "", "Move the cursor of all curves left."),
    Key("run.right", "right,l", "cursor(1)", "", "Move the cursor of all curves right."),
    Key("run.earlier", "left_square_bracket", "epoch(-1)", "Earlier", "Show an earlier measurement.", pane="watch"),
    Key("run.later", "right_square_bracket", "epoch(1)", "Later", "Show a later measurement.", pane="watch"),
    Key("run.watch", "w", "watch", "Watch list", "Choose texts of the watch list, which is measured in training."),
    Key("run.browse", "b", "browse", "Texts", "Browse the texts of its dataset, with this run's predictions."),
    Key("run.export", "e", "export", "Export", "Export the charts that are shown to a picture or as CSV."),
    Key("run.zoom_out", "minus", "zoom_x(-1)", "", "Show twice as much of the x axis."),
    Key("run.reset", "U", "reset", "", "Show the whole curves: no zoom, no smoothing, linear scales."),
    Key("run.copy", "y", "copy", "Copy command", "Copy the command that made the run."),
    Key("run.back", "escape,backspace", "back", "Back", "Go back to where the run was opened; training continues."),
    Key("compare.stop", "s", "stop", "Stop", "Stop classifying the texts.", leads=True),
    Key(
        "compare.paired", "P", "paired", "Same texts", "Classify the validation texts with every run, to compare them."
    ),
    Key("compare.export", "e", "export", "Export", "Export the comparison to a file."),
    Key("compare.measure", "A", "measure", "Accuracy/loss", "Switch to accuracy or loss.", pane="curves"),
    Key("compare.split", "D", "split", "Split", "Show validation texts, training texts, or both.", pane="curves"),
    Key("compare.axis", "X", "axis", "Axis", "Draw the curves over epochs, steps or time.", pane="curves"),
    Key("compare.smooth", "f", "smooth", "Smooth", "Smooth the curves: 0.6, 0.9, 0.98, not at all.", pane="curves"),
    Key("compare.zoom_in", "plus,equals_sign", "zoom_x(1)", "Zoom", "Show half as much of the x axis.", pane="curves"),
    Key("compare.log_scale", "L", "log_scale", "Log scale", "Switch the loss to a logarithmic scale.", pane="curves"),
    Key("compare.open", "enter", "unfold", "All options", "Show or hide the options that all runs share."),
    Key("compare.copy", "y", "copy", "Copy command", "Copy the command that prints the same comparison."),
    Key("compare.zoom", "z", "zoom", "Enlarge", "Give a pane the whole screen, or take it back."),
    Key("compare.zoom_out", "minus", "zoom_x(-1)", "", "Show twice as much of the x axis."),
    Key("compare.reset", "U", "reset", "", "Show the whole curves: no zoom, no smoothing, linear scales."),
    Key("compare.pane_results", "1", "pane('results')", "", "Show the results."),
    Key("compare.pane_curves", "2", "pane('curves')", "", "Show the curves."),
    Key("compare.pane_options", "3", "pane('options')", "", "Show the options."),
    Key("compare.next_pane", "tab", "next_pane(1)", "", "Go to the next pane."),
    Key("compare.previous_pane", "shift+tab", "next_pane(-1)", "", "Go to the previous pane."),
    Key("compare.left", "left,h", "cursor(-1)", "", "Move the cursor of the curves left."),
    Key("compare.right", "right,l", "cursor(1)", "", "Move the cursor of the curves right."),
    Key("compare.back", "escape", "back", "Back", "Go back to the runs; what is being classified stops."),
    Key("queue.open", "enter", "open", "Open", "Open the selected run."),
    Key("queue.resume", "r", "resume", "Train", "Train the queue, if no process does."),
    Key("queue.stop", "s", "stop", "Stop", "Save a checkpoint and stop the run that is trained; the next one begins."),
    Key("queue.delete", "d,delete", "delete", "Remove", "Remove the selected run from the queue."),
    Key("queue.new", "n", "new", "New", "Fill in the form of a new run."),
    Key("queue.copy", "y", "copy", "Copy command", "Copy the command of the selected run."),
    Key("queue.back", "escape", "back", "Back", "Go back to the runs; training continues."),
    Key("explain.text", "t", "text", "Edit", "Edit the text."),
    Key("explain.delete", "d,delete,backspace", "delete", "Delete", "Delete the selected word, or restore it."),
    Key("explain.attention", "a", "attention", "Map", "Show the attention map: which word reads which."),
    Key("explain.export", "e", "export", "Export", "Export the explanation to a file."),
    Key("explain.method", "M", "method", "Method", "Switch to the next method that supports the model."),
    Key("explain.compare", "c", "compare", "Compare", "Choose a run to compare with."),
    Key("explain.strong", "asterisk", "strong", "Strongest", "Go to the next strongest word."),
    Key("explain.new", "n", "new", "New text", "Clear the text to type a new one."),
    Key("explain.undo", "u", "undo", "Undo", "Restore the word deleted last."),
    Key("explain.reset", "U", "reset", "Reset", "Restore all deleted words."),
    Key("explain.browse", "b", "browse", "Texts", "Choose a text of the dataset."),
    Key("explain.left", "left,h", "word(-1)", "", "Go to the previous word."),
    Key("explain.right", "right,l", "word(1)", "", "Go to the next word."),
    Key("explain.up", "up,k", "line(-1)", "", "Go to the word above."),
    Key("explain.down", "down,j", "line(1)", "", "Go to the word below."),
    Key("explain.page_up", "pageup", "page(-1)", "", "Go one page up."),
    Key("explain.page_down", "pagedown", "page(1)", "", "Go one page down."),
    Key("explain.first", "home,g", "first", "", "Go to the first word."),
    Key("explain.last", "end,G", "last", "", "Go to the last word."),
    Key("explain.back", "escape", "back", "Back", "Leave the text field; again: go back to where one came from."),
    Key("data.stop", "s", "stop", "Stop", "Stop predicting all texts, and clear what needs it.", leads=True),
    Key("data.open", "enter", "open", "Explain", "Explain the selected text."),
    Key("data.search", "slash", "search", "Search", "Search the texts."),
    Key("data.mistakes", "m", "mistakes", "Mistakes", "Show only texts with a wrong prediction, or all texts again."),
    Key("data.evaluate", "v", "evaluate", "Predict all", "Predict all texts shown, and show the share that is right."),
    Key("data.order", "o", "order", "Sort", "Sort by the next column: number, label, confidence, errors, length."),
    Key("data.reverse", "O", "reverse", "Reverse", "Reverse the order."),
    Key(
        "data.watch", "w", "watch", "Watch", "Put the selected text on the watch list of the run that was opened last."
    ),
    Key("data.statistics", "i", "statistics", "Statistics", "Show statistics of the dataset, or the text again."),
    Key("data.reset", "U", "reset", "Reset", "Clear search and filters."),
    Key("data.back", "escape", "back", "Back", "Leave a field; again: go back to where one came from."),
    Key("models.open", "enter", "open", "", "Go to the page of the highlighted entry, to scroll it."),
    Key("models.new", "n", "new", "New run", "Fill in the form of a new run of the highlighted model."),
    Key("models.back", "escape", "back", "Back", "Go back: from the page to the list, then to where one came from."),
    Key("map.layer_next", "right_curly_bracket", "layer(1)", "Layer", "Go to the next layer; the first is the mean."),
    Key("map.layer_back", "left_curly_bracket", "layer(-1)", "", "Go to the previous layer."),
    Key("map.head_next", "greater_than_sign", "head(1)", "Head", "Go to the next head; the first is the mean."),
    Key("map.head_back", "less_than_sign", "head(-1)", "", "Go to the previous head."),
    Key("map.heads", "H", "heads", "All heads", "Show all heads in small, or the map again."),
    Key("map.zoom_in", "plus,equals_sign", "zoom(1)", "Zoom", "Zoom in, at last to the weights as numbers."),
    Key("map.zoom_out", "minus", "zoom(-1)", "", "Zoom out, to blocks of words, at last to the whole map."),
    Key("map.reset", "U", "zoom_reset", "", "Reset the zoom."),
    Key("map.export", "e", "export", "Export", "Export the map to a file."),
    Key("map.explain", "x", "explain", "Explain", "Explain the text."),
    Key("map.open", "enter", "open", "", "Open the map of the chosen head."),
    Key("map.left", "left,h", "move(0, -1)", "", "Go to the column on the left."),
    Key("map.right", "right,l", "move(0, 1)", "", "Go to the column on the right."),
    Key("map.up", "up,k", "move(-1, 0)", "", "Go to the row above."),
    Key("map.down", "down,j", "move(1, 0)", "", "Go to the row below."),
    Key("map.page_up", "pageup", "page(-1)", "", "Go one page up."),
    Key("map.page_down", "pagedown", "page(1)", "", "Go one page down."),
    Key("map.first", "home,g", "jump(0)", "", "Go to the first row."),
    Key("map.last", "end,G", "jump(-1)", "", "Go to the last row."),
    Key("map.back", "escape", "back", "Back", "Go back to where the map was opened."),
    Key("evaluation.stop", "s", "stop", "Stop", "Stop what is being measured.", leads=True),
    Key("evaluation.open", "enter", "open", "Texts", "Show the texts of the cell; of a mistake: explain it."),
    Key("evaluation.mistakes", "m", "mistakes", "Mistakes", "Show all mistakes with their heatmaps."),
    Key("evaluation.evaluate", "v", "evaluate", "Evaluate", "Evaluate again, or measure the faithfulness."),
    Key("evaluation.shares", "percent_sign", "shares", "Shares", "Show shares of the class, or numbers again."),
    Key("evaluation.explain", "x", "explain", "Explain", "Explain the mistake at the cursor.", pane="mistakes"),
    Key(
        "evaluation.attention",
        "a",
        "attention",
        "Map",
        "Show the attention map of the mistake at the cursor.",
        pane="mistakes",
    ),
    Key("evaluation.export", "e", "export", "Export", "Export the evaluation or the faithfulness table."),
    Key("evaluation.pane_confusion", "1", "pane('confusion')", "", "Show the confusion matrix."),
    Key("evaluation.pane_classes", "2", "pane('classes')", "", "Show precision, recall and F1 of each class."),
    Key("evaluation.pane_reliability", "3", "pane('reliability')", "", "Show the reliability curve."),
    Key("evaluation.pane_mistakes", "4", "pane('mistakes')", "", "Show the mistakes chosen before."),
    Key("evaluation.pane_faithfulness", "5", "pane('faithfulness')", "", "Show the faithfulness of explanations."),
    Key("evaluation.next_pane", "tab", "next_pane(1)", "", "Go to the next pane."),
    Key("evaluation.previous_pane", "shift+tab", "next_pane(-1)", "", "Go to the previous pane."),
    Key("evaluation.left", "left,h", "move(0, -1)", "", "Go to the column on the left."),
    Key("evaluation.right", "right,l", "move(0, 1)", "", "Go to the column on the right."),
    Key("evaluation.up", "up,k", "move(-1, 0)", "", "Go to the row above."),
    Key("evaluation.down", "down,j", "move(1, 0)", "", "Go to the row below."),
    Key("evaluation.page_up", "pageup", "page(-1)", "", "Go one page up."),
    Key("evaluation.page_down", "pagedown", "page(1)", "", "Go one page down."),
    Key("evaluation.first", "home,g", "jump(0)", "", "Go to the first row."),
    Key("evaluation.last", "end,G", "jump(-1)", "", "Go to the last row."),
    Key(
        "evaluation.back",
        "escape",
        "back",
        "Back",
        "Go back, from texts to the matrix; what is being measured continues.",
    ),
    Key("reproduce.reproduce", "p", "reproduce", "Reproduce", "Train what is missing, then show table and figures."),
    Key("reproduce.stop", "s", "stop", "Stop", "Stop the reproduction; its runs save checkpoints."),
    Key("reproduce.export", "e", "export", "Export", "Write the tables and figures of the target into a folder."),
    Key("reproduce.back", "escape", "back", "Back", "Leave the page; again: go back. A reproduction continues."),
)

RENAMED = {
    "run.data": "run.browse",
    "run.cursor_left": "run.left",
    "run.cursor_right": "run.right",
    "explain.clear": "explain.new",
    "explain.drop": "explain.delete",
    "explain.restore": "explain.reset",
    "data.wrong": "data.mistakes",
    "data.clear": "data.reset",
    "models.train": "models.new",
    "models.page": "models.open",
}
"""Ids of actions in states that earlier versions saved, each with its id today."""
