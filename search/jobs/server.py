"""The few requests that submitting and following a job needs, each with a time limit.

Ray's own client waits without one, and RAY_ADDRESS in the environment overrides the address it is given.
The routes are those of its documented REST interface.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from search.errors import ClusterError

_CONNECT_S, _ANSWER_S = 5.0, 8.0
_UPLOAD_S = 120.0
QUIET_S = 60.0
"""A connection without a word for so long is made anew: that of a laptop which slept is dead and does not say
so. (Ray's server reads nothing that comes over it, so that there is no answer to a ping either.)"""
_UNAUTHORIZED = (401, 403)


class Unreachable(Exception):
    """No answer, or one that may be better a moment later."""


@dataclass(frozen=True)
class JobState:
    """What the head says of a job; exit_code is its command's, where it came to one."""

    status: str
    message: str
    exit_code: int | None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.status in ("SUCCEEDED", "FAILED", "STOPPED")


def require_extra() -> None:
    """Raises ClusterError where the optional packages are missing."""
    if find_spec("aiohttp") is None or find_spec("requests") is None:
        raise ClusterError(
            "submitting jobs needs the optional packages for it:\n"
            "  pip install -c constraints.txt -e '.[cluster]'"
        )


def token() -> str | None:
    """RAY_AUTH_TOKEN, or with RAY_AUTH_MODE=token what RAY_AUTH_TOKEN_PATH or ~/.ray/auth_token holds."""
    mode = os.environ.get("RAY_AUTH_MODE", "").lower()
    if mode == "disabled":
        return None
    given = os.environ.get("RAY_AUTH_TOKEN")
    if given or mode != "token":
        return given or None
    path = Path(os.environ.get("RAY_AUTH_TOKEN_PATH") or "~/.ray/auth_token").expanduser()
    try:
        return path.read_text().strip() or None
    except OSError as error:
        raise ClusterError(
            f"RAY_AUTH_MODE=token, but there is no RAY_AUTH_TOKEN, and {path} cannot be read ({error})"
        ) from None


class JobServer:
    """The head at http://HOST:8265. Every method raises Unreachable, or ClusterError for a refusal."""

    def __init__(self, address: str, secret: str | None) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ClusterError(f"--address {address}: should look like http://HOST:8265")
        if parts.username is not None:
            raise ClusterError("--address: no password in the address; the token goes in RAY_AUTH_TOKEN")
        self.address = address.rstrip("/")
        self._headers = {"Authorization": f"Bearer {secret}"} if secret else {}

    def version(self) -> str:
        """The version of the head's Ray."""
        answer = self._ask("GET", "/api/version", allowed=(404,))
        try:
            return str(answer.json()["ray_version"])
        except (ValueError, KeyError, TypeError):
            raise ClusterError(f"--address {self.address}: what answers there is no Ray head") from None

    def upload(self, name: str, content: bytes) -> bool:
        """Bring a package there; False if it was there already."""
        where = f"/api/packages/gcs/{name}"
        if self._ask("GET", where, allowed=(404,)).status_code != 404:
            return False
        self._ask("PUT", where, data=content, timeout=(_CONNECT_S, _UPLOAD_S))
        return True

    def submit(self, entrypoint: str, runtime_env: Mapping[str, Any]) -> str:
        """Start the job and return its id."""
        request = {"entrypoint": entrypoint, "runtime_env": dict(runtime_env)}
        answer = self._ask("POST", "/api/jobs/", json=request, timeout=(_CONNECT_S, _UPLOAD_S))
        return str(answer.json()["submission_id"])

    def state(self, job: str) -> JobState:
        """How the job stands. Raises ClusterError if there is no such job."""
        answer = self._ask("GET", f"/api/jobs/{job}", allowed=(404,))
        if answer.status_code == 404:
            raise ClusterError(f"{self.address} knows of no job {job}")
        got = answer.json()
        return JobState(got["status"], got.get("message") or "", got.get("driver_exit_code"))

    def log(self, job: str) -> str:
        """All that the job has written."""
        return str(self._ask("GET", f"/api/jobs/{job}/logs").json()["logs"] or "")

    async def tail(self, job: str) -> AsyncIterator[str]:
        """All that the job has written, then what it goes on to write, in pieces; ends with the job, or
        when it has been quiet for a while."""
        import aiohttp

        timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S)
        try:
            async with (
                aiohttp.ClientSession(headers=self._headers, timeout=timeout, trust_env=True) as session,
                session.ws_connect(f"{self.address}/api/jobs/{job}/logs/tail", max_msg_size=0) as socket,
            ):
                with contextlib.suppress(TimeoutError):
                    while (message := await socket.receive(QUIET_S)).type == aiohttp.WSMsgType.TEXT:
                        yield message.data
                if socket.close_code == aiohttp.WSCloseCode.ABNORMAL_CLOSURE:
                    raise Unreachable("it was cut")
        except (aiohttp.ClientError, OSError) as error:
            raise Unreachable(_reason(error)) from None

    def _ask(
        self,
        method: str,
        path: str,
        *,
        allowed: tuple[int, ...] = (),
        timeout: tuple[float, float] = (_CONNECT_S, _ANSWER_S),
        **content: Any,
    ) -> Any:
        import requests

        try:
            answer = requests.request(
                method, self.address + path, headers=self._headers, timeout=timeout, **content
            )
        except requests.RequestException as error:
            raise Unreachable(_reason(error)) from None
        if answer.status_code in _UNAUTHORIZED:
            raise ClusterError(self._refusal(answer.status_code))
        if answer.status_code in (502, 503, 504):
            raise Unreachable(f"it answers {answer.status_code}")
        if answer.status_code != 200 and answer.status_code not in allowed:
            said = (answer.text.strip().splitlines() or [""])[-1]
            raise ClusterError(f"{self.address} answers {answer.status_code} to {method} {path}: {said}")
        return answer

    def _refusal(self, code: int) -> str:
        what = "the token is not the cluster's" if self._headers else "the cluster wants a token"
        return (
            f"--address {self.address}: {what} ({code}). Put it into RAY_AUTH_TOKEN, or into "
            "~/.ray/auth_token with RAY_AUTH_MODE=token; on the head `ray get-auth-token` shows it."
        )


def _reason(error: BaseException) -> str:
    """The innermost cause; what HTTP libraries wrap around it repeats the address."""
    while error.__cause__ is not None or error.__context__ is not None:
        error = error.__cause__ or error.__context__ or error
    text = str(error).strip().splitlines()
    return text[0] if text else type(error).__name__
