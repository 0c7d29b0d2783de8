"""Every field of every record says what it means: a string right below it."""

from __future__ import annotations

import ast

from source_tree import SOURCE, modules, package_of, tree_of


def bare_fields(tree: ast.Module) -> list[str]:
    """`Class.field` of every field of a frozen record without a docstring below it."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and _is_record(node):
            following = [*node.body[1:], None]
            found += [
                f"{node.name}.{ast.unparse(statement.target)}"
                for statement, after in zip(node.body, following, strict=True)
                if isinstance(statement, ast.AnnAssign) and not _is_string(after)
            ]
    return found


def _is_record(node: ast.ClassDef) -> bool:
    marks = [ast.unparse(d) for d in node.decorator_list] + [ast.unparse(b) for b in node.bases]
    return any("frozen=True" in mark or mark == "NamedTuple" for mark in marks)


def _is_string(node: ast.stmt | None) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def test_every_record_that_crosses_a_border_documents_its_fields():
    found = {
        f"{path.relative_to(SOURCE)}: {name}"
        for path in modules()
        if package_of(path) in ("structures", "scene", "station")
        for name in bare_fields(tree_of(path))
    }
    assert found == set()


def test_a_bare_field_is_found():
    code = '@dataclass(frozen=True)\nclass A:\n    x: int\n    """X."""\n    y: int\n'
    assert bare_fields(ast.parse(code)) == ["A.y"]
