"""Code from outside this repository: found by its import path, checked, told apart by what it is.

The folders it comes from, beside the packages that are installed, are the working folder and the one of the
space file. They are searched last, so that no file there can stand in for a library.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import re
import sys
import traceback
from collections.abc import Callable
from difflib import get_close_matches
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from trainables.errors import MemberError, MissingModule

IMPORT_PATH = r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*:[A-Za-z_][A-Za-z0-9_]*"
_OWN = __name__.partition(".")[0]
_folders: list[str] = []
_used: set[str] = set()


def is_import_path(name: object) -> bool:
    """Whether it reads as `package.module:Name`."""
    return isinstance(name, str) and re.fullmatch(IMPORT_PATH, name) is not None


def search_in(*folders: Path) -> None:
    """Let modules be found in `folders` too, after everything that is installed."""
    for folder in dict.fromkeys(str(folder.resolve()) for folder in folders):
        if folder not in _folders:
            _folders.append(folder)
        if folder not in sys.path:
            sys.path.append(folder)
            importlib.invalidate_caches()


def import_object(path: str) -> Any:
    """The object at `package.module:Name`. MemberError if it cannot be had."""
    module_name, _, name = path.partition(":")
    module = _module(module_name, path)
    if not hasattr(module, name):
        close = get_close_matches(name, dir(module), n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise MemberError(f"{path}: {module.__file__} has no {name}{hint}")
    return getattr(module, name)


def fault_in(
    found: Any, path: str, base: str, interface: str, required: tuple[str, ...]
) -> MemberError | None:
    """What is wrong with a member from outside; None if nothing is.

    base: what its settings derive from, empty if it has none; interface: what the implementation derives
    from; required: methods that it must define.
    """
    implementation = found
    if base:
        wrong = _fault_in_settings(found, path, base)
        if wrong is not None:
            return wrong
        try:
            implementation = found.load_implementation()
        except MemberError as error:
            return MemberError(f"{path}{_place(found)} names an implementation that cannot be had: {error}")
    if interface and not _derives(implementation, interface):
        return MemberError(
            f"{path}: its implementation {_name(implementation)}{_place(implementation)} must be a class "
            f"that derives from {interface.replace(':', '.')}"
        )
    if not callable(implementation):
        return MemberError(f"{path}: {_name(implementation)} cannot be called")
    missing = [name for name in required if not _defines(implementation, name)]
    if missing:
        return MemberError(
            f"{path}: its implementation {_name(implementation)}{_place(implementation)} must define "
            f"{' and '.join(missing)}"
        )
    return None


def _fault_in_settings(found: Any, path: str, base: str) -> MemberError | None:
    if not _derives(found, base):
        return MemberError(
            f"{path}{_place(found)} must be a class that derives from {base.replace(':', '.')}"
        )
    if not vars(found).get("implementation"):
        return MemberError(
            f"{path}{_place(found)} names no implementation; it needs a line "
            'implementation: ClassVar[str] = "package.module:Class"'
        )
    return None


def _derives(found: Any, base: str) -> bool:
    return isinstance(found, type) and issubclass(found, import_object(base))


def _name(found: Any) -> str:
    return str(getattr(found, "__qualname__", repr(found)))


def is_foreign(member: type | Callable[..., Any]) -> bool:
    """Whether the class or function is none of ours."""
    return member.__module__.partition(".")[0] != _OWN


@cache
def code_digest(member: type | Callable[..., Any]) -> str:
    """sha256 over all Python files of the package or module that the class or function belongs to."""
    return digest_of_module(member.__module__)


def digest_of_module(name: str) -> str:
    """The same for a module by its name."""
    digest = hashlib.sha256()
    for file in module_files(name.partition(".")[0]):
        digest.update(f"{file.name}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def module_files(top: str) -> list[Path]:
    """The Python files of a top-level package, or the one of a module; none where it is no file."""
    spec = find_spec(top)
    if spec is None:
        return []
    if spec.origin is None:  # a package without __init__.py has folders alone
        return sorted(
            file for folder in spec.submodule_search_locations or () for file in Path(folder).rglob("*.py")
        )
    origin = Path(spec.origin)
    return sorted(origin.parent.rglob("*.py")) if spec.submodule_search_locations else [origin]


def folders_in_use() -> list[Path]:
    """The folders of `search_in` that something was imported from."""
    return [Path(folder) for folder in _folders if folder in _used]


def _note_use(top: str) -> None:
    """Where a top-level package or module lies, unless it is ours."""
    spec = find_spec(top) if top != _OWN else None
    if spec is None:
        return
    # A package has folders, more than one if it has no __init__.py; a module has a file.
    places = spec.submodule_search_locations or filter(None, [spec.origin])
    _used.update(str(Path(place).resolve().parent) for place in places)


def _module(name: str, path: str) -> ModuleType:
    try:
        module = importlib.import_module(name)
        _note_use(name.partition(".")[0])
        return module
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            searched = f" nor in {' or '.join(_folders)}" if _folders else ""
            raise MissingModule(
                f"{path}: there is no module {error.name} among the installed packages{searched}"
            ) from None
        raise _broken(path, error) from error
    except Exception as error:  # whatever a module does when it is imported
        raise _broken(path, error) from error


def _broken(path: str, error: Exception) -> MemberError:
    """Where the import went wrong, at the last line that is not Python's own machinery."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "importlib" not in f.filename]
    where = f"{frames[-1].filename}:{frames[-1].lineno}: " if frames else ""
    if isinstance(error, SyntaxError):
        where = f"{error.filename}:{error.lineno}: "
    lines = str(getattr(error, "msg", error)).strip().splitlines()
    return MemberError(f"{path}: {where}{type(error).__name__}: {lines[0] if lines else 'no message'}")


def _place(found: Any) -> str:
    """` (file:line)` of a class or function, or nothing."""
    try:
        return f" ({inspect.getsourcefile(found)}:{inspect.getsourcelines(found)[1]})"
    except (OSError, TypeError):
        return ""


def _defines(implementation: Any, name: str) -> bool:
    """Whether it has the method, and not only from a class that says what it is for and raises."""
    method = inspect.getattr_static(implementation, name, None)
    function = getattr(method, "__func__", getattr(method, "fget", method))
    code = getattr(function, "__code__", None)
    return method is not None and (code is None or "NotImplementedError" not in code.co_names)
