"""Take the prose out of a MyST Markdown page: plain ASCII, one paragraph or list item a line."""

import re
import unicodedata

FENCE = re.compile(r"^\s*(?P<mark>`{3,}|~{3,}|:{3,})(?P<info>.*)$")
ITEM = re.compile(r"^\s*([-*+]|\d+[.)])\s+")
REFERENCE = {"cite", "eq", "numref", "footcite", "math", "download"}
# Simple formulas stay in their sentences, in the way that people type them.
TYPED = {
    r"\\(?:l|c)?dots": "...",
    r"\\(?:times|cdot)": "*",
    r"\\leq?(?![a-z])": "<=",
    r"\\geq?(?![a-z])": ">=",
    r"\\(?:text|mathrm|mathbf|operatorname)\s*\{([^{}]*)\}": r"\1",
    r"\\(alpha|beta|gamma|delta|epsilon|eta|theta|lambda|mu|sigma|tau|phi|exp|log|tanh|max|min)"
    r"(?![a-z])": r"\1",
    r"\\[,;!]|[{}]": "",
    r"\^(?:\\top|T)(?![a-z])": ".T",
    r"_(?=\w)": "",
}
ASCII = str.maketrans(
    {
        **dict.fromkeys("‘’′", "'"),
        **dict.fromkeys("“”„", '"'),
        **dict.fromkeys("‐‑‒–−", "-"),
        "—": " - ",
        "…": "...",
        "×": "x",
        "·": "*",
        "→": "->",
        "≤": "<=",
        "≥": ">=",
        "≈": "~",
        "\u00a0": " ",
        "σ": "sigma",
        "μ": "mu",
        "π": "pi",
        "∂": "d",
    }
)


def prose(page: str) -> str:
    """Return the page's headings, paragraphs and list items, with an empty line between blocks."""
    text = _without_fences(re.sub(r"\A---\n.*?\n---\n", "", page, flags=re.S))
    text = re.sub(r"<!--.*?-->", "", text, flags=re.S)
    text = re.sub(r"\$\$.*?\$\$[ \t]*(\([\w:-]+\))?", "", text, flags=re.S)
    text = re.sub(r"\\begin\{(\w+\*?)\}.*?\\end\{\1\}", "", text, flags=re.S)
    text = re.sub(r"\\\n", "\n", text)
    blocks = (_block(block) for block in re.split(r"\n\s*\n", text))
    return "\n\n".join(block for block in blocks if block)


def _without_fences(text: str) -> str:
    """Leave out code and directives; a directive may hold others, marked by as many colons."""
    kept, open_marks = [], []
    for line in text.splitlines():
        fence = FENCE.match(line)
        if fence:
            mark, info = fence["mark"], fence["info"].strip()
            inside = open_marks[-1] if open_marks else None
            if inside and mark[0] == inside[0] and len(mark) >= len(inside) and not info:
                open_marks.pop()
            elif inside is None or inside[0] == ":":
                open_marks.append(mark)
        elif not open_marks:
            kept.append(line)
    if open_marks:
        raise ValueError(f"a fence {open_marks[-1]} is never closed")
    return "\n".join(kept)


def _block(block: str) -> str:
    """Join the wrapped lines of a block and clean each; tables, labels and comments vanish."""
    lines: list[str] = []
    fresh = True  # whether the next line starts a new one rather than going on with the last
    for line in block.splitlines():
        bare = line.strip()
        if not bare or bare[0] in "|%" or re.match(r"^(\([\w:-]+\)=|\+\+\+|-{3,}$|:[\w-]+:)", bare):
            fresh = True
            continue
        heading = re.match(r"^#+\s+(.*)", bare)
        if heading:
            lines.append(heading[1])
        elif ITEM.match(line):
            lines.append("- " + ITEM.sub("", line))
        elif fresh or not lines:
            lines.append(re.sub(r"^(:|>)\s+", "", bare))
        else:
            lines[-1] += " " + bare
        fresh = heading is not None
    return "\n".join(filter(None, map(_clean, lines)))


def _clean(line: str) -> str:
    """Turn inline markup into what a reader sees, and every character into ASCII."""
    line = re.sub(r"!\[[^\]]*\]\([^)]*\)|<https?://[^>]*>", "", line)
    line = re.sub(r"\{([\w:-]+)\}`([^`]*)`", _role, line)
    line = re.sub(r"\[([^\]]*)\](\([^)]*\)|\[[^\]]*\])", r"\1", line)
    line = re.sub(r"(?<![\\$])\$(?!\s)([^$]+)\$", _formula, line)
    line = re.sub(r"`+([^`]*)`+", r"\1", line)
    line = re.sub(r"(\*\*|__)(\S(?:.*?\S)?)\1", r"\2", line)
    line = re.sub(r"(?<![\w*])\*(\S(?:[^*]*?\S)?)\*(?![\w*])", r"\1", line)
    line = re.sub(r"\\([^\w\s])", r"\1", line)
    line = unicodedata.normalize("NFKD", line.translate(ASCII))
    line = re.sub(r"[^ -~]", "", line)
    line = re.sub(r"\(\s*\)", "", line)
    line = re.sub(r"\s+", " ", line)
    return re.sub(r" (?=[,.;:!?)](?:\s|$))", "", line).strip().removesuffix(" -")


def _role(match: re.Match[str]) -> str:
    """Keep the words that a role shows; references to formulas and literature show none."""
    name, content = match[1].split(":")[0], match[2]
    if name in REFERENCE:
        return ""
    return re.sub(r"\s*<[^>]*>$", "", content).lstrip("~!")


def _formula(match: re.Match[str]) -> str:
    """Type out a short formula; drop one that needs two dimensions."""
    typed = match[1]
    for pattern, replacement in TYPED.items():
        typed = re.sub(pattern, replacement, typed)
    return typed.strip() if "\\" not in typed and len(typed) <= 40 else ""
