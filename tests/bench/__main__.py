"""`python -m tests.bench [tap] [ingest] [start] [drain] [paint] [clicks] [gateway]`: what is named, or everything;
`pages` comes alone, with its own options."""

import sys

from tests.bench import clicks, drain, gateway, ingest, pages, paint, start, tap

BENCHES = {
    "tap": tap.main,
    "ingest": ingest.main,
    "start": start.main,
    "drain": drain.main,
    "paint": paint.main,
    "clicks": clicks.main,
    "gateway": gateway.main,
}

if __name__ == "__main__":
    if sys.argv[1:2] == ["pages"]:
        sys.exit(pages.main())
    for name in sys.argv[1:] or BENCHES:
        if name not in BENCHES:
            sys.exit(f"There is no bench {name!r}: {', '.join(BENCHES)} are there.")
        BENCHES[name]()
