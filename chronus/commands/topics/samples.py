"""Help on sound files that nodes play."""

from __future__ import annotations

from chronus.commands.topic import Topic

TOPIC = Topic(
    name="samples",
    doc="sound files: sampler, grains and convolve; slices, loops, impulses",
    page="""
Three kinds play a WAV or FLAC file, which is named when they are loaded:

> load sampler as amen file patches/samples/break.flac slices=16
> sequence amen: x x{slice=2} x{slice=4} x{slice=10 reverse=1} x*2 x . x

A sampler plays the file, or a slice of it, once; `loop` and `gated` let the
gate end it. At c4 it sounds as it is, unless `root` is another pitch:

> load sampler as low file patches/samples/break.flac start=25% end=50%
> set low.loop 1 low.fade 30ms low.pitch -5st
> note low c4 for 1bar

Grains are a cloud of short pieces, of a file or of what is patched in:

> load grains as cloud file patches/samples/break.flac size=150 scatter=0.3
> load lfo rate=0.1hz; patch lfo.uni > cloud.position

A convolver lets a sound be heard through the impulse of a room or speaker:

> load convolve as room file patches/samples/break.flac gain=-30db mix=0.4
> patch cloud > room

`file` gives a node another file while it plays; an instrument may name its own
beside it, and `file NAME/NODE` changes one of those:

> file amen patches/samples/break.flac

A file has one or two channels and up to 120 s, an impulse up to 2 s; any rate
is brought to that of the session. Read faster, it has no aliases. Nodes of the
same file share its memory. A relative path begins at the file in which the
line stands, or else where the program was started. `save` writes paths from
where the patch is, and a mark: a file that has changed is refused then.
""",
)
