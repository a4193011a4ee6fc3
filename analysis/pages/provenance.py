"""Where a page's run comes from, as a footer says it."""

from __future__ import annotations

from collections.abc import Mapping


def provenance(info: Mapping[str, object] | None) -> tuple[str, ...]:
    """What run.json tells of time, code and versions, as far as it can be read; `images`, if added, first."""
    info = info or {}
    parts = [f"images {info['images']}"] if info.get("images") else []
    git = _mapping(info.get("git"))
    if git.get("commit"):
        changed = " with uncommitted changes" if git.get("dirty") else ""
        parts.append(f"commit {str(git['commit'])[:12]}{changed}")
    if info.get("started"):
        parts.append(f"begun {str(info['started'])[:19].replace('T', ' ')}")
    if info.get("python"):
        parts.append(f"Python {info['python']}")
    parts += [f"{name} {version}" for name, version in _mapping(info.get("versions")).items()]
    return tuple(parts)


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
