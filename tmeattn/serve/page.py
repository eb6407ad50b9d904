"""The page of a service: a person types a text and sees the prediction, the probabilities and the coloured words.

The page loads nothing from elsewhere. Without its script, the form reloads the page; with it, only the result is
replaced. Every text is escaped, and the policy in the header of each answer lets only this one script run.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from tmeattn.render.export.explanations_html import html_section
from tmeattn.render.export.markup import one_line
from tmeattn.render.export.style import PAGE_STYLE
from tmeattn.render.numbers import percent

if TYPE_CHECKING:
    from tmeattn.explain.explanation import Explanation
    from tmeattn.serve.service import Service

_EXAMPLE = "I wanted to like this film, and the first half hour is charming. But the plot makes no sense."
_STYLE = """\
form { display: grid; gap: .6rem; }
textarea { font: 1.05rem/1.5 ui-serif, Georgia, serif; padding: .6rem; min-height: 7rem; resize: vertical; }
textarea, select, button { color: inherit; background: var(--ground); border: 1px solid var(--rule); }
:is(textarea, select, button) { border-radius: 4px; }
select, button { font: inherit; padding: .35rem .6rem; }
button { cursor: pointer; font-weight: 600; }
:is(textarea, select, button):focus-visible { outline: 2px solid rgb(var(--against)); outline-offset: 1px; }
.choices { display: flex; flex-wrap: wrap; gap: .6rem; align-items: end; }
.choices label { display: grid; font-size: .85rem; color: var(--quiet); }
h1 { font-size: 1.1rem; margin: 0; }
#result[aria-busy=true] { opacity: .5; }
.error { border-left: 4px solid rgb(var(--for)); padding-left: .75rem; overflow-wrap: anywhere; }
.probabilities { margin-top: .75rem; }
h1 small { font-weight: 400; color: var(--quiet); }
.probabilities .bar span { background: var(--quiet); }
"""
_SCRIPT = """\
"use strict";
const form = document.querySelector("form"), result = document.querySelector("#result");
let number = 0;
async function classify() {
  const mine = ++number;
  result.setAttribute("aria-busy", "true");
  const shown = document.createElement("div");
  try {
    const body = new URLSearchParams(new FormData(form));
    const answer = await fetch("/", {method: "POST", headers: {"X-Fragment": "1"}, body});
    if ((answer.headers.get("content-type") || "").startsWith("text/html")) shown.innerHTML = await answer.text();
    else shown.append(message((await answer.json()).error.message));
  } catch (error) {
    shown.append(message("The service does not answer."));
  }
  if (mine === number) {
    result.replaceChildren(...shown.childNodes);
    result.setAttribute("aria-busy", "false");
  }
}
function message(text) {
  const shown = document.createElement("p");
  shown.className = "error";
  shown.textContent = text;
  return shown;
}
form.addEventListener("submit", event => { event.preventDefault(); classify(); });
form.addEventListener("change", event => { if (event.target.name !== "text" && form.text.value.trim()) classify(); });
form.text.addEventListener("keydown", event => { if (event.key === "Enter" && event.ctrlKey) classify(); });
"""
_HASH = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{_HASH}'; connect-src 'self'; img-src data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""The content security policy."""


def page(service: Service, shown: str = "", *, text: str = "", method: str = "", target: str = "") -> str:
    """The whole page, with a result and the values of the form."""
    name = escape(one_line(f"{service.model}, run {service.run}"))
    methods = _options([*service.methods], method or service.methods[0], [*service.methods])
    classes = service.classifier.classes
    targets = _options(["", *classes], target, ["the predicted one", *classes])
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<link rel="icon" href="data:,">\n<title>{name}</title>\n<style>\n{PAGE_STYLE}{_STYLE}</style>\n</head>\n'
        f'<body>\n<main>\n<h1>Classify a text <small dir="auto">{name}</small></h1>\n'
        '<form method="post" action="/">\n'
        f'<textarea name="text" aria-label="Text" dir="auto" placeholder="{escape(_EXAMPLE)}" autofocus required>'
        f"\n{escape(text)}</textarea>\n"
        '<div class="choices">\n<button>Classify</button>\n'
        f'<label>Colour the words by<select name="method">{methods}</select></label>\n'
        f'<label>for the class<select name="class">{targets}</select></label>\n</div>\n</form>\n'
        f'<div id="result" aria-live="polite">{shown}</div>\n</main>\n'
        f"<footer>Created with tmeattn</footer>\n<script>{_SCRIPT}</script>\n</body>\n</html>\n"
    )


def _options(values: Sequence[str], chosen: str, names: Sequence[str]) -> str:
    return "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(one_line(name))}</option>'
        for value, name in zip(values, names, strict=True)
    )


def result(explanation: Explanation | None, message: str = "") -> str:
    """The part of the page below the form: an explanation with all probabilities, or a message."""
    if explanation is None:
        return f'<p class="error" role="alert">{escape(one_line(message))}</p>'
    return html_section(explanation) + _probabilities(explanation)


def _probabilities(explanation: Explanation) -> str:
    rows = "".join(
        f'<tr><th scope="row" dir="auto">{escape(one_line(name))}</th><td>{percent(probability)}</td>'
        f'<td class="bar"><span style="width:{100 * probability:.1f}%"></span></td></tr>'
        for name, probability in sorted(
            zip(explanation.classes, explanation.probabilities, strict=True), key=lambda pair: -pair[1]
        )
    )
    return f'<table class="probabilities"><caption>Probabilities of the classes</caption>{rows}</table>'
