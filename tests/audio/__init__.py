"""A virtual sound card for tests, and what it heard."""
