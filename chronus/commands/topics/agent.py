"""Help for a program that plays: the reply protocol, how to look and hear, how to recover."""

from __future__ import annotations

from chronus.commands.topic import Topic

TOPIC = Topic(
    name="agent",
    doc="a page for an AI: replies, looking, hearing, recovering, a session",
    page="""
HOW TO TALK. `chronus sessions` lists what is live, `chronus send 'LINE' ...`
runs lines there and prints the replies; `--json` gives one object a line. A
pipe into `chronus --json` is a score of your own: only `wait` moves its time.
Each line gets output lines, then exactly one closing line:

    ok WHAT IS SO NOW at BAR (frame N)
    error CODE: REASON (line L, column C); try: WHAT WOULD WORK

`ok` means that it is so in the sounding engine. An error has changed nothing,
nor has any other part of its line: mend the line and say it again, whole.
Lines that begin with `! ` are news (a device lost, a module bypassed).

LOOK BEFORE YOU TURN. Do not guess names or ranges:

> load saw as bass; load filter; patch bass > filter
ok bass: saw > out; filter: filter > out; bass > filter at 1.1.000 (frame 0)
> describe filter.cutoff
cutoff: Corner
range: 20hz to 20000hz, exponential
unit: hz
default: 1000hz
set to: 1000hz
example: set filter.cutoff 630hz
ok filter.cutoff at 1.1.000 (frame 0)
> list cables
bass.out    >  filter.in
filter.out  >  out.in     by itself
ok 2 cables at 1.1.000 (frame 0)

`list kinds`, `list nodes`, `list sequences`, `list pending`, `status`, `get
NODE` and `search WORD` tell the rest, all of it as JSON too.

RECOVER. Read the code, then take the first suggestion or say what is allowed:

> set filter.cutof 400hz
error E_PORT: filter (filter) has no port 'cutof'; ...

E_SYNTAX the form: `help COMMAND`. E_NAME no such thing: `list`. E_PORT:
`describe NODE`. E_VALUE the unit, E_RANGE the number: `describe NODE.PORT`.
E_CABLE, E_STATE: as things stand it cannot be; the message says why. E_LIMIT:
too much at once. E_FILE, E_DEVICE: the system said no. E_LOCKED: somebody else
holds it (`help together`). `undo` takes a change back, `panic` silences all,
`reset NODE` starts a node afresh, `snapshot A` and `recall A` keep and bring
back a whole patch.

PLAY. Say together what belongs together, in braces, and when: other people
hear it.

> tempo 128; load kick; sequence kick: x...x...x...x...
> sequence bass: c2 . c2 eb2 f2 . c2 g1
> at bar 3 { set filter.cutoff 400hz over 2 bars; set filter.resonance 0.6 }
> wait 4 bars
> get filter.cutoff
ok filter.cutoff = 400hz at 5.1.000 (frame 360000)

HEAR. `hear last 2 bars` says what came out: loudness, colour, pitch, onsets and
trouble, in words and in JSON; `show meters` says it of each node, `show graph`
draws the patch. `record take.wav`, some bars, `record stop`: a float WAV to
analyse. A file of lines gives the same without playing, and faster: `chronus
render F -o OUT.wav`. The same lines always give the same samples.

> undo
ok undone: set filter.cutoff 400hz over 2 bars; ...
""",
)
