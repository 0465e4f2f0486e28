"""The rules of the house, as functions that read the source below a folder and return who breaks them."""

import ast
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

STOREYS = (
    {"core"},
    {"orgs"},
    {"billing"},
    {"media"},
    {"transcription"},
    {"files", "dialects", "dashboard"},
    {"config"},
)
FLOOR = {package: floor for floor, packages in enumerate(STOREYS) for package in packages}
DOORS = {"files", "dialects", "dashboard"}
"""Packages that answer requests."""
HTTP = ("rest_framework", "django.http", "django.shortcuts", "django.views")
ROOMS = {
    "stripe": "billing/gateway.py",
    "pywhispercpp": "transcription/engine/whispercpp.py",
    "_pywhispercpp": "transcription/engine/whispercpp.py",
}
"""A library to the one module that may import it."""
PURE = ("transcription.engine", "transcription.analysis")
FOLDERS = {"platform", "orgs", "billing", "media", "transcription", "templates", "tests", "bench", "docs", "recipe"}
NOT_KEPT = {"var", "dist"}
"""Folders that git ignores."""
MOST_LINES = 300

Found = list[str]
"""Who breaks a rule, and how; empty when nobody does."""


def upward_imports(root: Path) -> Found:
    return _importing(root, lambda package, module: FLOOR.get(package, 0) < FLOOR.get(module.split(".")[0], 0))


def http_below_the_doors(root: Path) -> Found:
    return _importing(root, lambda package, module: package not in DOORS | {"config"} and _is_within(module, *HTTP))


def libraries_outside_their_room(root: Path) -> Found:
    return [
        f"{_name(root, path)} imports {library}"
        for path in _product(root)
        for library, room in ROOMS.items()
        if library in _imports(root, path) and _name(root, path) != room
    ]


def django_in_pure_code(root: Path) -> Found:
    """Pure code imports no Django, nor does anything of the product's that comes along when it is imported."""
    by_module = {_module(root, path): path for path in _product(root)}
    reached = [(path, path) for module, path in by_module.items() if _is_within(module, *PURE)]
    for path, start in reached:
        along = (_imports(root, path) | _with_packages({_module(root, path)})) & by_module.keys()
        reached += {(by_module[module], start) for module in along} - set(reached)
    return [
        f"{_name(root, start)} reaches Django through {_name(root, path)}"
        for path, start in reached
        if _imports(root, path) & {"django", "django_q", "rest_framework"}
    ]


def queries_at_the_doors(root: Path) -> Found:
    return [
        f"{_name(root, path)}:{node.lineno} uses .{node.attr}"
        for path in _product(root)
        for node in ast.walk(_tree(path))
        if _package(root, path) in DOORS
        and isinstance(node, ast.Attribute)
        and node.attr in ("objects", "_default_manager")
    ]


def modules_loose_in_platform(root: Path) -> Found:
    return [_name(root, path) for path in (root / "platform").glob("*.py")]


def modules_too_long(root: Path) -> Found:
    return [
        f"{_name(root, path)} has {lines} lines"
        for path in _product(root)
        if (lines := len(path.read_text().splitlines())) > MOST_LINES and "migrations" not in path.parts
    ]


def readers_of_the_environment(root: Path) -> Found:
    return [
        f"{_name(root, path)}:{node.lineno} reads the environment"
        for path in _product(root)
        if _name(root, path) != "platform/config/env.py" and "media/sandbox/child" not in _name(root, path)
        for node in _environment_nodes(_tree(path))
    ]


def modules_without_docstring(root: Path) -> Found:
    return [
        _name(root, path)
        for path in _product(root)
        if path.name != "apps.py" and "migrations" not in path.parts
        if _tree(path).body and not ast.get_docstring(_tree(path))
    ]


def strangers_at_the_top(root: Path) -> Found:
    folders = {path.name for path in root.iterdir() if path.is_dir() and not path.name.startswith((".", "_"))}
    modules = {path.name for path in root.glob("*.py")}
    return sorted(folders - FOLDERS - NOT_KEPT) + sorted(modules - {"manage.py"})


# --- Reading ----------------------------------------------------------------------------------------------------------


def _product(root: Path) -> list[Path]:
    places = [*(root / name for name in FLOOR), *(root / "platform").glob("*/"), root / "manage.py"]
    return sorted({path for place in places for path in ([place] if place.is_file() else place.rglob("*.py"))})


def _name(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def _module(root: Path, path: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[parts[0] == "platform" :]).removesuffix(".__init__")


def _package(root: Path, path: Path) -> str:
    return _module(root, path).split(".")[0]


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def _imports(root: Path, path: Path) -> set[str]:
    """Return the modules that a module imports anywhere, with the packages they are in.

    Of `from a import b` both a and a.b, for b may be a module.
    """
    here = _module(root, path).split(".") + [""] * (path.name == "__init__.py")
    found: set[str] = set()
    for node in ast.walk(_tree(path)):
        match node:
            case ast.Import():
                found |= {alias.name for alias in node.names}
            case ast.ImportFrom():
                base = ".".join([*here[: -node.level or 0], *filter(None, [node.module])])
                found |= {f"{base}.{alias.name}" for alias in node.names}
            case ast.Call(
                ast.Name("import_module" | "__import__") | ast.Attribute(attr="import_module"), [ast.Constant(name)]
            ):
                found.add(name)
    return _with_packages(found)


def _with_packages(modules: set[str]) -> set[str]:
    """Return the modules and every package that is imported along with them."""
    parts = [module.split(".") for module in modules]
    return {".".join(names[: length + 1]) for names in parts for length in range(len(names))}


def _importing(root: Path, is_wrong: Callable[[str, str], bool]) -> Found:
    return [
        f"{_name(root, path)} imports {module}"
        for path in _product(root)
        for module in sorted(_imports(root, path))
        if is_wrong(_package(root, path), module)
    ]


def _is_within(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def _environment_nodes(tree: ast.Module) -> list[ast.AST]:
    pardoned = {inner for node in ast.walk(tree) if _may_read_the_environment(node) for inner in ast.walk(node)}
    reading = re.compile(r"os\.(environb?|getenvb?|putenv)|from os import .*\b(environb?|getenvb?|putenv)\b.*")
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute | ast.ImportFrom)]
    return [node for node in nodes if node not in pardoned and reading.fullmatch(ast.unparse(node))]


def _may_read_the_environment(node: ast.AST) -> bool:
    """Whoever copies the whole environment does so for a child, and may look at it on the way."""
    builds_a_childs = isinstance(node, ast.FunctionDef) and "**os.environ" in ast.unparse(node)
    names_the_settings = isinstance(node, ast.Call) and ast.unparse(node).startswith(
        "os.environ.setdefault('DJANGO_SETTINGS_MODULE'"
    )
    return builds_a_childs or names_the_settings
