"""Help on instruments."""

from __future__ import annotations

from chronus.commands.topic import Topic

TOPIC = Topic(
    name="instruments",
    doc="patches that are loaded, played and patched as one thing",
    page="""
> load lfo; load delay

`list instruments` shows all, `describe tb303` one: its ports, voices and
file.

> load tb303 as acid cutoff=800
> sequence acid: c2 . c2 eb2~
> note acid c3

Its ports are ports as those of any node, and its nodes within can be reached.

> set acid.cutoff *2 over 4 bars
> patch lfo > acid.cutoff by 800hz; patch acid > delay
> set acid/filter.resonance 0.9

The whole of it is muted, copied, renamed and unloaded.

> mute acid
> copy acid as b
> rename acid lead
> unload b

`voices 6`, `mono`, `legato`, `glide 60ms` behind `load` win over its own;
`save` writes `load tb303 as acid` and what differs from its file. A file of
your own is NAME.chronus in ~/.local/share/chronus/instruments, or in the
current folder: see `help instrument` and `help expose`; `chronus check` finds
what is wrong in it.
""",
)
