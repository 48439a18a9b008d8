"""Tests of the live machine."""
