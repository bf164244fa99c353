"""Templates that a process of tests has compiled once: every app of every test reads the same ones, and to compile them
anew is most of what it costs to draw a page for the first time."""

from types import CodeType

from jinja2 import Environment
from jinja2.bccache import Bucket, BytecodeCache


class Compiled(BytecodeCache):
    """Kept in memory, by all that the code depends on: the template, its text, and how the environment reads it."""

    def __init__(self) -> None:
        self._kept: dict[tuple[object, ...], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._kept.get(_what(bucket))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._kept[_what(bucket)] = bucket.code


def _what(bucket: Bucket) -> tuple[object, ...]:
    env: Environment = bucket.environment
    reading = (env.trim_blocks, env.lstrip_blocks, env.keep_trailing_newline, env.optimized, *sorted(env.extensions))
    return (bucket.key, bucket.checksum, *reading)
