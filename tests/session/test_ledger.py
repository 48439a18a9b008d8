"""The order in which a ledger tells what was done."""

from __future__ import annotations

from chronus.patch.model import empty_patch
from chronus.session.ledger import Entry, Ledger

PATCH = empty_patch()


def entry(text, mark=None, frame=0, **more):
    return Entry((text,), 0, "me", PATCH, PATCH, mark, frame, **more)


def test_what_is_not_heard_belongs_behind_what_it_was_said_after():
    """A snapshot that holds what is published ahead is told with that, not before it."""
    took = {1: None}
    told = []
    ledger = Ledger(took.get, lambda *_: None)
    ledger.listen(told.append)
    ledger.add(entry("at bar 2 set a.b 3", mark=1))
    ledger.add(entry("snapshot here", frame=640, is_unheard=True))
    ledger.add(entry("trigger kick", frame=704))
    ledger.tell()
    assert [done.texts for done in told] == [("trigger kick",)]
    took[1] = 4800
    ledger.tell()
    assert [(done.texts[0].split()[0], done.frame) for done in told] == [
        ("trigger", 704),
        ("at", 4800),
        ("snapshot", 4800),
    ]


def test_what_is_not_heard_is_told_with_its_own_frame_where_nothing_is_ahead():
    """Its frame is when it was said."""
    told = []
    ledger = Ledger(lambda _: 64, lambda *_: None)
    ledger.listen(told.append)
    ledger.add(entry("set a.b 3", mark=1))
    ledger.add(entry("snapshot here", frame=640, is_unheard=True))
    ledger.tell()
    assert [done.frame for done in told] == [64, 640]


def test_what_comes_late_is_told_by_its_own_words():
    """They are cut off where they are long; what is in time, or due at no time, is not told."""
    told = []
    ledger = Ledger(lambda mark: mark, lambda *late: told.append(late))
    ledger.add(entry("trigger kick", mark=640, due=640))
    ledger.add(entry("trigger snare", mark=640))
    ledger.add(entry("trigger hat", mark=704, due=640))
    ledger.add(entry("open { " + "load saw; " * 100, mark=704, due=640))
    ledger.tell()
    assert told[0] == ("trigger hat", 640, 704)
    assert len(told) == 2
    assert told[1][0].startswith("open { load saw;")
    assert len(told[1][0]) <= 60
