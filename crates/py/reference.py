"""Writes docs/reference/python.md from the package's own signatures and docstrings; `--check` only compares.

`cargo xtask bindings` runs it. The signatures of the compiled part are those of its stub, which stubtest holds against it.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parent / "python" / "waypoint_xds"
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "python.md"
FILES = ["__init__.py", "_waypoint_xds.pyi", "_errors.py", "_words.py", "_traces.py"]
FIRST = ["Snapshot", "Translation", "Waypoint", "Resource", "Table", "Trace", "Cost", "Problem"]
"""The classes that are met first; the others follow by name."""
HEAD = """\
<!-- Made by `cargo xtask bindings` from the package's signatures and docstrings: do not edit. -->

# Python

Everything that `waypoint_xds` shows; [From Python](../python.md) is the guide. Classes are frozen, compare by what they hold, and have HTML for
notebooks (`_repr_html_`).
"""
SPECIAL = {
    "__len__": "`len(…)`",
    "__iter__": "`for … in …`",
    "__contains__": "`… in …`",
    "__getitem__": "`…[…]`",
    "__bytes__": "`bytes(…)`",
    "__lt__": "`sorted(…)`",
    "__hash__": "`hash(…)`",
    "__reduce__": "`pickle`",
}
"""What a class can do without a name of its own."""

Definition = ast.ClassDef | ast.FunctionDef | ast.Assign | ast.AnnAssign


def definitions() -> dict[str, tuple[Definition, str]]:
    """What is defined by name, each with its docstring; the package's own module counts before its parts."""
    found: dict[str, tuple[Definition, str]] = {}
    for file in FILES:
        for name, node, doc in documented(ast.parse((PACKAGE / file).read_text(encoding="utf-8")).body):
            found.setdefault(name, (node, doc))
    return found


def documented(body: list[ast.stmt]) -> Iterator[tuple[str, Definition, str]]:
    """The definitions in a body. The docstring of a variable is the text behind it."""
    for node, after in zip(body, [*body[1:], None]):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            yield node.name, node, ast.get_docstring(node) or ""
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            behind = after.value if isinstance(after, ast.Expr) else None
            doc = behind.value if isinstance(behind, ast.Constant) and isinstance(behind.value, str) else ""
            if isinstance(target, ast.Name):
                yield target.id, node, " ".join(doc.split())


def public() -> list[str]:
    """The names that the package shows."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    [names] = [node.value for name, node, _ in documented(tree.body) if name == "__all__" and isinstance(node, ast.Assign)]
    return [str(each) for each in ast.literal_eval(names)]


def prose(doc: str) -> str:
    """A docstring as Markdown: its paragraphs, and a list of its parameters."""
    text = re.sub(r"``([^`]*)``", r"`\1`", doc)
    text, *fields = re.split(r"^:(?=param|raises)", text, flags=re.MULTILINE)
    rest: list[str] = []
    lines = []
    for field in fields:
        # What stands behind an empty line is no longer about the parameter.
        field, *behind = field.split("\n\n")
        rest += behind
        kind, _, said = " ".join(field.split()).partition(": ")
        name = kind.split()[-1]
        lines.append(f"- raises `{name}`: {said}" if kind.startswith("raises") else f"- `{name}`: {said}")
    paragraphs = [" ".join(part.split()) for part in [*text.split("\n\n"), *rest]]
    before, after = paragraphs[: len(paragraphs) - len(rest)], paragraphs[len(paragraphs) - len(rest) :]
    return "\n\n".join(part for part in [*before, "\n".join(lines), *after] if part)


def signature(function: ast.FunctionDef, *, of_class: bool) -> str:
    """A function as it is called."""
    arguments = function.args
    if of_class and not is_decorated(function, "staticmethod"):
        plain = arguments.posonlyargs or arguments.args
        plain.pop(0)
    gives = "" if function.returns is None else f" -> {ast.unparse(function.returns)}"
    return f"{function.name}({ast.unparse(arguments)}){gives}"


def is_decorated(function: ast.FunctionDef, name: str) -> bool:
    return any(isinstance(each, ast.Name) and each.id == name for each in function.decorator_list)


def indented(text: str) -> str:
    return "\n".join(f"  {line}" if line else "" for line in text.splitlines())


def member(name: str, node: Definition, doc: str) -> str:
    """A member of a class, in a list."""
    if isinstance(node, ast.FunctionDef):
        is_property = is_decorated(node, "property")
        gives = ast.unparse(node.returns) if node.returns is not None else "Any"
        static = "static " if is_decorated(node, "staticmethod") else ""
        code = f"{name}: {gives}" if is_property else static + signature(node, of_class=True)
    elif isinstance(node, ast.AnnAssign):
        code = f"{name}: {ast.unparse(node.annotation)}"
    else:
        return ""
    said = prose(doc)
    if "\n" in said:
        return f"- `{code}`\n\n{indented(said)}\n"
    return f"- `{code}`" + (f": {said}" if said else "")


def class_(name: str, node: ast.ClassDef, doc: str, all_: dict[str, tuple[Definition, str]]) -> str:
    """A class with its members, and those of a private base."""
    bases = [base.id for base in node.bases if isinstance(base, ast.Name)]
    inherited = [each for base in bases if base.startswith("_") for each in body_of(all_[base][0])]
    members = [*inherited, *documented(node.body)]
    shown = [member(*each) for each in members if not each[0].startswith("_")]
    special = [word for dunder, word in SPECIAL.items() if any(each[0] == dunder and isinstance(each[1], ast.FunctionDef) for each in members)]
    parts = [f"### {name}", prose(doc)]
    if special:
        parts.append(f"Also: {', '.join(special)}.")
    parts.append("\n".join(line for line in shown if line))
    return "\n\n".join(part.strip("\n") for part in parts if part.strip())


def body_of(node: Definition) -> Iterator[tuple[str, Definition, str]]:
    assert isinstance(node, ast.ClassDef)
    yield from documented(node.body)


def is_error(node: ast.ClassDef) -> bool:
    return any(isinstance(base, ast.Name) and base.id.endswith(("Error", "Exception")) for base in node.bases)


def page() -> str:
    all_ = definitions()
    names = [name for name in public() if name in all_]
    classes = {name: node for name in names if isinstance(node := all_[name][0], ast.ClassDef)}
    typed = [name for name, node in classes.items() if any("TypedDict" in ast.unparse(base) or ast.unparse(base).startswith("_") for base in node.bases)]
    errors = [name for name, node in classes.items() if is_error(node)]
    main = [name for name in classes if name not in typed and name not in errors]
    main.sort(key=lambda name: (FIRST.index(name) if name in FIRST else len(FIRST), name))
    parts = [HEAD.rstrip()]

    parts.append("## Functions")
    for name in names:
        node, doc = all_[name]
        if isinstance(node, ast.FunctionDef):
            parts += [f"### {name}", f"```py\n{formatted(node)}\n```", prose(doc)]
    for title, group in [("Classes", main), ("Errors", errors), ("Dictionaries", typed)]:
        parts.append(f"## {title}")
        parts += [class_(name, classes[name], all_[name][1], all_) for name in group]
    parts.append("## Words\n\nWhat parameters take, and constants.")
    words = [(name, *all_[name]) for name in names if isinstance(all_[name][0], (ast.Assign, ast.AnnAssign))]
    lines = []
    for name, node, doc in words:
        value = f" = {ast.unparse(node.value)}" if isinstance(node, ast.Assign) else f": {ast.unparse(node.annotation)}"
        lines.append(f"- `{name}{value}`" + (f": {prose(doc)}" if doc else ""))
    parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def formatted(function: ast.FunctionDef) -> str:
    """A function's head, a parameter a line where there are many."""
    line = signature(function, of_class=False)
    if len(line) < 100:
        return line
    arguments = function.args
    defaults = [None] * (len(arguments.args) - len(arguments.defaults)) + list(arguments.defaults)
    named = [*zip(arguments.args, defaults), None, *zip(arguments.kwonlyargs, arguments.kw_defaults)]
    lines = []
    for each in named:
        if each is None:
            lines.append("    *,")
            continue
        argument, default = each
        value = "" if default is None else f" = {ast.unparse(default)}"
        lines.append(f"    {ast.unparse(argument)}{value},")
    gives = "" if function.returns is None else f" -> {ast.unparse(function.returns)}"
    return "\n".join([f"{function.name}(", *lines, f"){gives}"])


def main() -> None:
    made = page()
    if "--check" in sys.argv[1:]:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != made:
            sys.exit("docs/reference/python.md is stale: cargo xtask bindings")
    else:
        PAGE.write_text(made, encoding="utf-8")


if __name__ == "__main__":
    main()
