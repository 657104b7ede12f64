"""What the server must remember, shared by the workers of the demonstration, each row for its time."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import orjson

from service.demo.auth.models import Code, Context, Token
from service.smart.sealing import seal, unseal
from service.store.replay import ReplayCache
from service.store.sealed import SealedRows

_CODE_S = 60
_LAUNCH_S = 300
_REFRESH_S = 86_400

Row = TypeVar("Row", Code, Context, Token)


class Memory:
    """Rows are found and opened by the code or token itself, which is kept nowhere."""

    def __init__(self, rows: SealedRows, replay: ReplayCache, access_s: int) -> None:
        self._rows = rows
        self._replay = replay
        self.access_s = access_s

    def keep_launch(self, launch: str, context: Context) -> None:
        """What an EHR launch of this name will be about."""
        self._keep("launch", launch, context, _LAUNCH_S)

    def launch(self, launch: str) -> Context | None:
        """The context of a launch. May be asked again within its time: a page may be loaded twice."""
        return self._found("launch", launch, Context)

    def keep_code(self, code: str, row: Code) -> None:
        """A code just given out."""
        self._keep("code", code, row, _CODE_S)

    def use_code(self, code: str) -> Code | None:
        """The row of a code, once, whatever becomes of the attempt."""
        name = f"demo code {code}"
        return _row(code, name, self._rows.take(name), Code)

    def keep_token(self, kind: str, token: Token) -> None:
        """A token just given out; `kind`: access or refresh."""
        self._keep(kind, token.text, token, self.access_s if kind == "access" else _REFRESH_S)

    def token(self, kind: str, text: str) -> Token | None:
        """The token, if it is valid now."""
        return self._found(kind, text, Token)

    def forget_token(self, text: str) -> None:
        """A token given back or replaced."""
        for kind in ("access", "refresh"):
            self._rows.drop(f"demo {kind} {text}")

    def seen(self, client_id: str, jti: str, expires: float) -> bool:
        """Was this client assertion used before?"""
        return self._replay.seen(f"demo {client_id}", jti, datetime.fromtimestamp(expires, UTC))

    def _keep(self, kind: str, text: str, row: Code | Context | Token, seconds: int) -> None:
        name = f"demo {kind} {text}"
        expires = datetime.now(UTC) + timedelta(seconds=seconds)
        self._rows.put(name, seal(text, name, orjson.dumps(asdict(row))), expires)

    def _found(self, kind: str, text: str, form: type[Row]) -> Row | None:
        name = f"demo {kind} {text}"
        return _row(text, name, self._rows.get(name), form)


def _row(text: str, name: str, sealed: bytes | None, form: type[Row]) -> Row | None:
    content = None if sealed is None else unseal(text, name, sealed)
    if content is None:
        return None
    found: dict[str, Any] = orjson.loads(content)
    return form(**found)
