"""HTML to text as a person sees it: hidden parts dropped, cited blocks marked with ">", tables kept in rows.

The cells of a row stand in one line, tabs between them; after a cell of several lines a new line begins,
since such tables are for layout, and side by side their sentences would mix.
"""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from faultdesk.reading.bombs import is_bomb
from faultdesk.reading.style_sheets import write_in
from faultdesk.reading.visibility import Inherited, is_hidden, may_hide

MOST_LINKS = 5_000
LONGEST = 512 * 1024
"""Characters of HTML that are looked at."""
_MOST_SHEETS = 12
"""Cells and cited blocks within each other; each copies what is in it, so what lies deeper is a block like others."""
_EMBEDDED = re.compile(r"data:[\w/+.;=-]{0,100}base64,[A-Za-z0-9+/=%]*")
_TAG = re.compile(r"<[^<>]*>")
_HOST = re.compile(r"https?://(?:[^/?#@\s]{0,200}@)?(?:www\.)?([^/?#:\s]{1,255})", re.IGNORECASE)
_LONGEST_LINK = 300
_CITED = re.compile(r"quote|isreplycontent|cite", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\r\n\f]+")
_DROPPED = frozenset(
    [
        "head",
        "script",
        "style",
        "title",
        "template",
        "noscript",
        "iframe",
        "object",
        "svg",
        "math",
        "select",
        "audio",
        "video",
        "canvas",
    ]
)
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "tr",
        "ul",
        "caption",
    ]
)
_SWALLOWING = re.compile(rf"<!--|</?(?:{'|'.join(sorted(_DROPPED))})\b[^<>]{{0,200}}>?", re.IGNORECASE)
_UNENDED = re.compile(r"<(?=[^<>]*\Z|[^<>\"']*[^\x00-\x7f])")
"""What begins a tag that never ends, or one with words in it, as when octets of it were lost."""
_CITE = "cited"
"""Stands for a blockquote that cites, which becomes a sheet of its own as a table cell does."""
_CELLS = frozenset({"td", "th", _CITE})


def text_of(html: str) -> str:
    """Render HTML as text."""
    html = _EMBEDDED.sub("", html)[:LONGEST]
    if is_bomb(html):
        return _TAG.sub("\n", html)
    text = _rendered(html)
    if not text.strip() and _is_swallowed(html.lower()):
        text = _rendered(_UNENDED.sub("", _SWALLOWING.sub("", html)))
    return text


def _is_swallowed(html: str) -> bool:
    """Tell whether a comment, a style sheet or a tag was begun and never ends, into which all else fell."""
    ends = [("<!--", "-->"), *((f"<{name}", f"</{name}") for name in _DROPPED)]
    is_open = any(html.rfind(begin) > html.rfind(end) for begin, end in ends)
    return is_open or _UNENDED.search(html) is not None


def _rendered(html: str) -> str:
    page, hides = LexborHTMLParser(html), may_hide(html)
    if hides:
        write_in(page)
    return "" if page.root is None else _Page(may_hide=hides).render(page.root)


class _Sheet:
    """Lines being written: the page's, or those of one table cell or cited block."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line: list[str] = []
        self.cells: list[str] = []

    def end_line(self, *, even_if_empty: bool = False) -> None:
        text = "".join(self.line).rstrip(" \r\n")
        if text or even_if_empty:
            self.lines.append(text.replace("\xa0", " ").rstrip())
        self.line = []

    def end_row(self) -> None:
        """Join the row's cells."""
        row = ""
        for cell in self.cells:
            row += cell + ("\n" if "\n" in cell else "\t")
        if row.strip():
            self.lines.append(row.strip("\t\n"))
        self.cells = []

    def text(self) -> str:
        self.end_line()
        self.end_row()
        return "\n".join(self.lines)


class _Page:
    """Walks a tree without recursion, for its depth is the sender's choice."""

    def __init__(self, *, may_hide: bool) -> None:
        self._may_hide = may_hide
        self._inherited = Inherited()
        self._sheets = [_Sheet()]
        self._preformatted = 0
        self._links: list[str] = []
        self._links_shown = 0

    def render(self, root: LexborNode) -> str:
        node = root
        open_elements: list[tuple[LexborNode, str, Inherited]] = []
        while True:
            entered = self._enter(node)
            child = node.child if entered else None
            if child is not None:
                open_elements.append((node, entered, self._inherited))
                if self._may_hide:
                    self._inherited = self._inherited.within(node)
                node = child
                continue
            self._leave(entered)
            while (following := node.next) is None:
                if not open_elements:
                    return self._sheets[0].text()
                node, tag, self._inherited = open_elements.pop()
                self._leave(tag)
            node = following

    def _enter(self, node: LexborNode) -> str:
        """Write a text, or begin an element; give its tag if there is something to go into."""
        tag = node.tag or ""
        if tag == "-text":
            if all(self._inherited):
                self._write(node.text_content or "")
            return ""
        if tag in _DROPPED or tag.startswith(("-", "!")) or (self._may_hide and is_hidden(node)):
            return ""
        if tag == "br":
            self._sheets[-1].end_line(even_if_empty=True)
        elif tag == "blockquote" and _is_cited(node):
            tag = _CITE
        if tag == "a":
            # One within another is no link to a browser, and its words would be counted again and again.
            self._links.append("" if self._links else _target(node))
        if tag in _CELLS and len(self._sheets) > _MOST_SHEETS:
            tag = "div"
        if tag in _CELLS:
            self._sheets.append(_Sheet())
        elif tag in _BLOCKS:
            self._begin_block(tag)
        return tag

    def _begin_block(self, tag: str) -> None:
        sheet = self._sheets[-1]
        sheet.end_line()
        if tag == "li":
            sheet.line.append("- ")
        elif tag == "tr":
            sheet.end_row()
        elif tag == "pre":
            self._preformatted += 1

    def _leave(self, tag: str) -> None:
        if tag == "a":
            self._show(self._links.pop())
        if tag in _CELLS:
            self._close_sheet(cited=tag == _CITE)
        elif tag in _BLOCKS:
            sheet = self._sheets[-1]
            # A paragraph that holds but a no-break space is an empty line to the reader.
            sheet.end_line(even_if_empty="\xa0" in sheet.line)
            if tag == "tr":
                sheet.end_row()
            elif tag == "pre":
                self._preformatted -= 1

    def _show(self, target: str) -> None:
        """Write where a link leads, unless its words say so."""
        if target and all(self._inherited) and self._links_shown < MOST_LINKS:
            self._links_shown += 1
            self._sheets[-1].line.append(f" <{target}>")

    def _close_sheet(self, *, cited: bool) -> None:
        text = self._sheets.pop().text()
        sheet = self._sheets[-1]
        sheet.end_line()
        if cited:
            sheet.lines += ["> " + line for line in text.split("\n")]
        else:
            sheet.cells.append(text.strip("\n"))

    def _write(self, text: str) -> None:
        sheet = self._sheets[-1]
        if self._preformatted:
            first, *others = text.split("\n")
            sheet.line.append(first)
            for other in others:
                sheet.end_line(even_if_empty=True)
                sheet.line.append(other)
            return
        text = _SPACES.sub(" ", text)
        if not sheet.line or sheet.line[-1].endswith(" "):
            text = text.lstrip(" ")
        if text:
            sheet.line.append(text)


def _target(node: LexborNode) -> str:
    """Give the address a link leads to, or "" when it has no words or these say it."""
    target = (node.attributes.get("href") or "").strip()
    host = _HOST.match(target)
    label = node.text() if host else ""
    is_said = not label.strip() or (host is not None and host[1].lower() in label.lower())
    return "" if is_said else _SPACES.sub("", target)[:_LONGEST_LINK]


def _is_cited(node: LexborNode) -> bool:
    """Tell a reply's history from a mere indentation."""
    attributes = node.attributes
    return any(_CITED.search(attributes.get(name) or "") for name in ("type", "class", "id", "cite"))
