"""A chain of shops that doesn't exist, its terminals and its customers, for trying Smilepost out."""
