"""A copy of the centre's database in one file, and the way back."""
