"""The project's files as the checks see them."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# Made by building and running, or not the project's.
LEFT_OUT = {".git", "build", "demo", "__pycache__"}


def files(folder="."):
    """Every file under this folder, by its path from the root, sorted."""
    found = []
    for path in (ROOT / folder).rglob("*"):
        parts = path.relative_to(ROOT).parts
        if path.is_file() and not LEFT_OUT.intersection(parts):
            found.append("/".join(parts))
    return sorted(found)


def sources(*folders):
    return [path for folder in folders for path in files(folder) if path.endswith((".c", ".h"))]


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def without_comments_and_strings(text):
    """C code with comments, strings and character constants blanked out, line by line as before."""
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(pattern, lambda match: re.sub(r"[^\n]", " ", match.group()), text, flags=re.S)
