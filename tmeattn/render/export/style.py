"""The style sheet of exported pages and of what notebooks show, with the colours of the heatmaps on the terminal."""

from __future__ import annotations

from tmeattn.render.palette import BLUE, ORANGE

_LIGHT = "--most: .8; --ground: #fff; --ink: #1c1b1a; --quiet: #63605c; --rule: #dddad6;"
_DARK = "--most: .55; --ground: #161514; --ink: #ece9e5; --quiet: #a5a19b; --rule: #3b3835;"
_HUES = f"--for: {' '.join(map(str, ORANGE))}; --against: {' '.join(map(str, BLUE))};"
CONTENT_STYLE = """\
section + section { border-top: 1px solid var(--rule); margin-top: 2rem; padding-top: .5rem; }
h2 { margin: .75rem 0 0; font-size: 1.35rem; overflow-wrap: anywhere; }
h2 small { font-weight: 400; color: var(--quiet); }
h2 .wrong { color: var(--ink); }
.about, .legend, .note { color: var(--quiet); font-size: .85rem; margin: .25rem 0 1rem; overflow-wrap: anywhere; }
.note { font-style: italic; }
.text { font: 1.05rem/2 ui-serif, Georgia, serif; white-space: pre-wrap; overflow-wrap: anywhere; }
.w {
  --hue: var(--for);
  --heat: 0;
  background: rgb(var(--hue) / calc(var(--heat) * var(--most)));
  border-bottom: calc(var(--heat) * 5px) solid rgb(var(--hue));
  border-radius: 2px;
  box-decoration-break: clone;
  -webkit-box-decoration-break: clone;
  print-color-adjust: exact;
  -webkit-print-color-adjust: exact;
}
.w[style] { padding: .1em .08em 0; }
.legend .w { display: inline-block; height: 1.1em; padding: 0; vertical-align: top; }
.w.against { --hue: var(--against); border-bottom-style: dashed; }
.unknown { font-style: italic; opacity: .8; }
.unread, del { color: var(--quiet); }
table { border-spacing: 0; font-size: .9rem; width: 100%; max-width: 30rem; }
caption { text-align: left; font-weight: 600; padding-bottom: .25rem; }
th { text-align: left; font-weight: 400; overflow-wrap: anywhere; width: 35%; }
td { font-variant-numeric: tabular-nums; text-align: right; padding: 0 .75rem; width: 4rem; }
td.bar { text-align: left; width: auto; padding: 0; }
.bar span { display: block; height: .7rem; background: rgb(var(--for)); border-radius: 0 2px 2px 0; }
section.wide { border-top: 1px solid var(--rule); margin-top: 2rem; padding-top: .5rem; }
.scroll { overflow-x: auto; }
table.map, .heads table { border-collapse: collapse; width: auto; max-width: none; font-size: .75rem; }
table.map th { width: auto; white-space: nowrap; overflow-wrap: normal; }
table.map th[scope="row"] { text-align: right; padding-right: .4rem; max-width: 10rem; overflow: hidden; }
table.map th[scope="col"] { vertical-align: bottom; }
table.map th[scope="col"] span { writing-mode: vertical-rl; transform: rotate(180deg); }
table.map td, .heads td {
  --heat: 0;
  background: rgb(var(--for) / var(--heat));
  padding: 0;
  print-color-adjust: exact;
  -webkit-print-color-adjust: exact;
}
table.map td { width: 1rem; min-width: .8rem; height: 1rem; }
table.map td[title] { border: 1px solid color-mix(in srgb, var(--rule) 45%, transparent); }
.heads { display: flex; flex-wrap: wrap; gap: .8rem; }
.heads figure { margin: 0; font-size: .75rem; }
.heads td { width: 5px; height: 5px; }
.heads table { border: 1px solid var(--rule); }
.bar .against { background: repeating-linear-gradient(90deg, rgb(var(--against)) 0 6px, transparent 6px 8px); }
"""
"""The rules of what a page shows."""
PAGE_STYLE = f"""\
:root {{ color-scheme: light dark; {_HUES} {_LIGHT} }}
@media (prefers-color-scheme: dark) {{ :root {{ {_DARK} }} }}
body {{ margin: 0; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }}
main, footer {{ max-width: 44rem; margin: 0 auto; padding: 1rem 1.25rem; }}
footer {{ color: var(--quiet); font-size: .8rem; }}
{CONTENT_STYLE}"""
"""The style sheet of a page of its own."""
SCOPE = "tmeattn-shown"
"""The class of what a notebook shows: its style sheet has no effect elsewhere."""
NOTEBOOK_STYLE = f"""\
.{SCOPE} {{ {_HUES} {_LIGHT} color: var(--ink); background: var(--ground); font: 1rem/1.5 system-ui, sans-serif; }}
.{SCOPE} {{ display: flow-root; }}
@media (prefers-color-scheme: dark) {{ .{SCOPE} {{ {_DARK} }} }}
[data-jp-theme-light="true"] .{SCOPE}, .vscode-light .{SCOPE} {{ {_LIGHT} }}
[data-jp-theme-light="false"] .{SCOPE}, .vscode-dark .{SCOPE} {{ {_DARK} }}
.{SCOPE} {{
{CONTENT_STYLE}
section, pre, table {{ max-width: 44rem; }}
section {{ padding: 0 .75rem .5rem; }}
table, tr, td, th {{ background: none; border: 0; color: inherit; }}
th {{ text-align: left; }}
.figures th {{ width: 13rem; }}
.figures td {{ text-align: left; width: auto; padding: 0; }}
.listing {{ margin-top: 1rem; }}
.listing th {{ width: auto; }}
.listing th + th {{ text-align: right; padding: 0 .75rem; }}
.listing td {{ white-space: nowrap; width: 5rem; }}
pre {{ font: .8rem/1.3 ui-monospace, monospace; color: inherit; background: none; overflow-x: auto; }}
figure {{ display: inline-block; margin: 0 1rem .5rem 0; }}
figcaption {{ color: var(--quiet); font-size: .85rem; }}
}}
.{SCOPE}.several {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(19rem, 1fr)); gap: 0 1rem; }}
.{SCOPE}.several section + section {{ border-top: 0; margin-top: 0; padding-top: 0; }}
"""
"""The style sheet of what a notebook shows: dark or light as the notebook, or else as the browser prefers."""
