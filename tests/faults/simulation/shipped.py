"""The shipped functions that bring the reads, the rules and the writes of a request into their order, run over plain
dicts: each is what `sync` has, with nothing but its queries exchanged for those of `Tables`."""

from collections.abc import Callable
from types import FunctionType, SimpleNamespace
from typing import Any

from sync.intake import ingest, quarantine, starts
from tests.faults.simulation.tables import Tables


def _with(function: Any, **exchanged: Any) -> Any:
    """The same code, with other things behind some of the names that it uses."""
    names = set(function.__code__.co_names)
    assert names >= exchanged.keys(), f"{function.__qualname__} no longer uses {exchanged.keys() - names}"
    fresh = FunctionType(function.__code__, {**function.__globals__, **exchanged}, function.__name__)
    fresh.__defaults__, fresh.__kwdefaults__ = function.__defaults__, function.__kwdefaults__
    return fresh


_learn = _with(
    starts.learn,
    ends=Tables.ends, keep_ends=Tables.keep_ends, order=Tables.order, keep_order=Tables.keep_order,
    unsure=Tables.unsure,
)  # fmt: skip


def take(store: Callable[[Tables, Any], None]) -> Any:
    """`sync.intake.ingest._take`, which judges a batch and writes down what comes of it; `store` is what happens where
    it stores."""
    return _with(
        ingest._take,
        ledger=Tables, places=Tables, starts=SimpleNamespace(learn=_learn), held=Tables.held, near=Tables.near,
        missing=Tables.missing, calendar=Tables.calendar, decisions=Tables,
        store=store, published=Tables.published, handed=Tables, _spoken=_with(ingest._spoken, ledger=Tables),
    )  # fmt: skip


def replaying(over: type[Tables]) -> Any:
    """`sync.intake.quarantine._replay`, which judges once more what was kept apart."""
    judge = _with(
        quarantine._judge,
        ledger=over,
        places=over,
        ingest=over,
        starts=over,
        calendar=over.calendar,
        decisions=over,
        handed=over,
    )
    return _with(quarantine._replay, _rows=over.quarantined, _judge=judge)


_replay = replaying(Tables)


def replay(tx: Tables, now_ms: int) -> None:
    """`sync.intake.quarantine.replay`, in one transaction."""
    keys = [quarantine._Key(row.device, row.received_ms, *key) for key, row in tx.quarantine.items()]
    _replay(sorted(keys), now_ms, tx)
