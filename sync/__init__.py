"""Head office, and the leaves that both ends know."""

__version__ = "0.1.0"
