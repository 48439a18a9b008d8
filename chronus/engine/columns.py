"""What the columns of the arena's tables mean: each table of numbers has an enumeration here."""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Final

from chronus.dsp.layout import FUSED_VALUES, FUSED_WORDS

NONE: Final = -1
STOPPED: Final = -2
"""A pending table that means: play nothing from then on."""

NODE_COLUMNS: Final = 35
FUSED_SIZE: Final = FUSED_WORDS + FUSED_VALUES // 2
SCRATCH: Final = FUSED_SIZE + 3
"""Whole numbers that the step works with: rows of one node, or what a fused kernel is given.

Behind that: how many words and how many real numbers it is given, and where its voices stand.
"""
MEMO: Final = 1 << 19
"""And of what is written down of blocks in which nothing is said, see `Memo`."""
LANES: Final = 3
"""Lanes that there can be. What events and sequences do is worked out in each lane for itself."""
MOST_CHOICES: Final = 4
"""Enumerated ports that a kind can have."""
MOST_BATCH_ROWS: Final = 32
"""Input and output rows of a kind whose nodes are computed at once, less one."""
MOST_BATCH_STATES: Final = 62
"""And its states."""
MOST_MEMORIES: Final = 64
"""Delay memories of a kind whose voices are computed side by side."""
NEVER: Final = 1 << 60
"""In place of the frame of what does not come."""
HELD: Final = 1 << 56
"""In place of the frame at which a voice's gate closes: it stays open until it is closed."""
VELOCITY_ONE: Final = 1 << 40
"""A velocity of 1 in an event of a note: fine enough for every float32 that is heard."""
ASLEEP: Final = -1
"""In place of a voice's blocks of silence: it is silent, and starts afresh at its next note."""
RUNG_OUT: Final = -2
"""In place of the block since which a node rings on: it is silent for good."""


class Head(IntEnum):
    """Places in `head`: each has one writer, named in brackets."""

    COMMITTED = 0  # [worker] blocks that are finished
    EVENTS = 8  # [writer] events that are published
    GO = 9  # [writer] first block that may not be computed yet
    AHEAD = 10  # [writer] blocks that the tape may be ahead of what was played
    RATE = 11  # [writer] Hz, once
    QUIT = 12  # [writer] 1: all processes end
    TURN = 13  # [writer] lowest number of a worker that may step; others let go of the hand
    PLAYED = 16  # [audio] frames taken from the tape
    UNDERRUNS = 17  # [audio] times that the tape was empty
    AUDIO_STATE = 18  # [audio] 0 not started, 1 playing, 2 failed
    AUDIO_BEAT = 19  # [audio] callbacks so far
    HOLD = 20  # [writer] frame from which the audio process takes nothing; 0: there is none
    DEVICE_UNDERRUNS = 21  # [audio] times that the device said it had run dry
    LANES = 14  # [writer] lanes that compute, once
    FADE = 15  # [writer] frames of a fade, once
    COMPUTES_ALL = 22  # [tests] 1: what sleeps is computed too, and thrown away


LANE_COLUMNS: Final = 16


class Lane(IntEnum):
    """Places in `head` of lane 0; those of lane n lie n * LANE_COLUMNS behind them."""

    DONE = 64  # [worker] blocks that are finished; lane 0's is COMMITTED
    NODE = 65  # [worker] slot of the node that is being computed, for blame
    WAITS = 66  # [worker] 1 while it waits for other lanes
    HAND = 67  # [worker] number of the worker that steps, 0 before the first
    PID = 68  # [worker] its process
    TAKEOVERS = 69  # [worker] times that a worker took the hand from one that died
    CRASH = 70  # [worker, as it dies] the signal of a crash, 0: there was none
    LOOPED = 71  # [standby] block + 1 in which the worker did not end and was killed, 0: none
    LOST_NODE = 72  # [worker] slot that was being computed when the last hand was lost
    LOST_BLOCK = 73  # [worker] and its block
    TAKEN_NS = 74  # [worker] monotonic clock when the hand was taken from one that died
    STEPPED_NS = 75  # [worker] and when the first block after that was done
    FAILED = 76  # [worker] the last block in which a node gave what is no number


def lane_place(column: Lane, lane: int) -> int:
    """The place in `head` of a lane's column."""
    return int(column) + lane * LANE_COLUMNS


class Count(IntEnum):
    """Columns of `plan_counts`."""

    NODES = 0
    CABLES = 1
    GATES = 2
    MASTER = 3  # row of the master's first output
    BEFORE = 4  # nodes that wait for no other lane
    PLAYERS = 5  # in `plan_players`; alike for all lanes
    GROUPS = 6  # of voices


class Row(IntEnum):
    """Columns of `plan_rows`."""

    PORT = 0
    FIRST = 1  # wire
    WIRES = 2
    VOICES = 3  # port of the first voice, where each has its own, or NONE
    IS_WIDE = 4  # 1 if its voices differ


class Wire(IntEnum):
    """Columns of `plan_wires`."""

    SOURCE = 0  # output row
    CABLE = 1
    LATE = 2  # 1 if it reads the last block
    BENDS = 3
    IS_WIDE = 4  # 1 if the source is the first row of WIDE voices side by side
    NODE = 5  # slot of the node that the source is of


class Clock(IntEnum):
    """Columns of the banked whole numbers `clock`."""

    PLAN = 0  # plan slot in use, NONE before the first
    SEEN = 1  # events taken from the ring
    PENDING = 2  # of those, how many wait for their block
    LOW = 3  # every event below this index is done with
    PLAYING = 4  # 1 while the transport runs
    SILENT = 5  # blocks of silence in a row
    FINISHING = 6  # block at which the ending began, NONE before
    FINISH = 7  # frame at which all is silent, NONE before
    LATE = 8  # events that came after their block
    CHANGES = 9  # changes of ports in this block
    QUIET_BLOCKS = 10  # blocks of silence that make an end
    MOST_BLOCKS = 11  # blocks from FINISHING to the end at most
    SEQUENCES = 12  # every sequence of a node in use is below this
    NEXT_PLAN = 13  # plan slot that takes over by itself, NONE for none
    NEXT_BLOCK = 14  # and from which block on
    PANIC = 15  # block of the last panic, NONE before
    PORT_SEQUENCES = 16  # every sequence of a port in use is below this
    PLAN_SINCE = 17  # block from which on the last plan was wanted


class Beat(IntEnum):
    """Columns of the banked real numbers `beats`."""

    BPM = 0  # at frame ORIGIN_FRAME
    ORIGIN_BEAT = 1  # the beat at frame ORIGIN_FRAME
    ORIGIN_FRAME = 2
    BAR_BEATS = 3  # beats in a bar
    TARGET_BPM = 4  # where the tempo goes, or is
    RAMP_FRAMES = 5  # how long it goes there from the origin on, 0: it stands
    METER_BEAT = 6  # a bar line from which on bars have BAR_BEATS
    METER_BAR = 7  # bars before it
    NEXT_BEAT = 8  # the bar line from which on they have NEXT_BAR_BEATS; infinite: none is known
    NEXT_BAR_BEATS = 9
    JUMP_BPM = 10  # how far the last jump of the tempo was, down: what lasts gets there by and by
    JUMP_FRAME = 11  # where it was


class Ramp(IntEnum):
    """Columns of `ports` and `cables`: a value on its way to a target."""

    NOW = 0
    TARGET = 1
    STEP = 2  # a frame: by this much, or on a bent way by so many octaves
    BENT = 3  # 1: by equal ratios; of ports alone
    FOLLOWS = (
        4  # 1: at 60 beats a minute, a rate that follows the tempo; -1: a time; of ports alone
    )


class Playing(IntEnum):
    """Columns of `sequences`: where a sequence is."""

    TABLE = 0  # that it plays, or NONE
    PENDING = 1  # that takes over: NONE, or STOPPED
    ENTRY = 2  # that comes next
    TURN = 3  # how often the table has been played to its end
    SLID = 4  # 1: the last note slides into the one at its end
    COMES = 5  # 1: the last note came by a slide itself
    FOLLOWED = 6  # 1: a note begins where the last one ends
    GLIDES = 7  # 1: the port is on its way from value to value
    DUES = 8  # columns of `due_frames` that hold something


class At(IntEnum):
    """Columns of `sequence_at`: beats, as the transport counts them."""

    START = 0  # of the table
    TAKES_OVER = 1  # the pending one
    END = 2  # of the last step of the last note
    CLOSES = 3  # the gate of the last note


class Event(IntEnum):
    """What an event does; `a`, `b`, `c` are whole numbers and `value` is real."""

    PLAN = 0  # plan slot a, and c blocks later plan slot b (NONE: a goes on)
    PORT = 1  # port a goes to value within b frames, or -b by equal ratios; c: see Way
    CABLE = 2  # cable a goes to value within b frames
    GATE = 3  # gate port a opens (value 1) for b frames (0: until closed) or closes (value 0)
    SEQUENCE = 4  # sequence a plays table b (STOPPED: none) at the next bar line, or at once (c)
    TEMPO = 5  # value beats a minute, at once or (c > 0) within b / c frames, or beats (a is 1)
    START = 6
    STOP = 7  # the transport stands still and gates close
    FINISH = 8  # as STOP; after a blocks of silence, or b blocks in all, that is the end
    NOTHING = 9  # a mark, to learn when the events before it have taken effect
    RESET = 10  # node slot a starts afresh, and is computed again
    MOVE = 11  # what sequence a plays goes on as sequence b
    FOLLOW = 12  # port a goes the way of port b (c: 1 if to the same end), and a gate stays open
    METER = 13  # value beats in a bar, from the next bar line on
    COPY = 14  # node slot a goes on from the state and delay memory of node slot b
    RING = 15  # node slot a is silent after b blocks of silence, or c in all; c below 0: at once
    PANIC = 16  # as STOP; all fades, and every node starts afresh
    NOTE = 17  # player a plays a note of value Hz (0: its own) for b frames (0: held), c: its
    # velocity in parts of VELOCITY_ONE, or NONE: its own
    RELEASE = 18  # every voice of player a closes its gate
    COPY_VOICES = 19  # the voices of player a sound as those of player b do, released


class Way(IntFlag):
    """How a port is set."""

    GLIDES = 1
    RATE = 2  # the value is of 60 beats a minute, and follows the tempo as a rate does
    TIME = 4  # and as a time does


class Ring(IntEnum):
    """Columns of the event ring."""

    KIND = 0
    DUE = 1  # block, or NONE for as soon as possible
    A = 2
    B = 3
    C = 4
    TOOK = 5  # frame at which it took effect, NONE before


class Node(IntEnum):
    """Columns of `plan_nodes`."""

    KIND = 0  # index into the table of kernel addresses
    STATE = 1  # byte offset
    MEMORY = 2  # offset in frames
    ROW_IN = 3  # first input row
    INPUTS = 4  # input rows
    ROW_OUT = 5  # first output row
    OUTPUTS = 6  # output rows
    SLOT = 7  # the node's number, for blame
    STATE_BYTES = 8  # of one bank
    MEMORY_FRAMES = 9
    DRY = 10  # first input row that takes the place of outputs while bypassed, or NONE
    DRY_ROWS = 11  # how many rows that are
    CHOICES = 12  # a bit for each input row of an enumerated port
    HELD = 13  # first of the rows that hold its word still: the new and the old one, by turns
    TWIN_STATE = 14  # byte offset of the state that goes on with the old words
    TWIN_MEMORY = 15  # and its delay memory
    TWIN_ROW = 16  # and its first output row
    GROUP = 17  # of the voices that it computes side by side, NONE where it is single
    VOICES = 18  # of them, how many there are
    SUMS = 19  # first of the rows that hold the sum of the voices of an output row
    LEAVES = 20  # a bit for each output row whose sum something listens to
    BEHIND = 21  # the player whose voices alone are heard through it, or NONE
    RECORDING = 22  # offset in frames of the sound of its file; 0: its kind plays none
    MATTERS = 23  # a bit for each input row but those that it shuts; 0: it never stands
    WIRED = 24  # 1 if a cable comes in at one of those
    ROOT = 25  # place in the plan of the node that it pauses with, or NONE
    ROOT_ROW = 26  # and the first input row of that
    FUSES = 27  # of the first of a group: how many nodes from it on one kernel can compute, or 0
    FUSED = 28  # index of that kernel
    KEEPS = 29  # a bit for each output row that is read in the next block
    BATCHES = 30  # of the first of like nodes: how many from it on can be computed at once, or 0
    LEAST = 31  # and of how many of them on that pays
    LONGS = 32  # of each of them: a bit for each state of 8 bytes, and one behind the last state
    FIRST_ROW = 33  # the number of its first input row in the plan
    OWN_ROWS = 34  # first of the input rows that no other node fills, or NONE


class Choice(IntEnum):
    """Columns of `choices`: which words of its enumerated ports a node plays."""

    LEFT = 0  # frames until the new words are all that is heard
    WORDS = 1  # of each choice in turn: the new word, nan before the first, and the old one


class Tail(IntEnum):
    """Columns of `rings`: a node that was unloaded and rings on."""

    SINCE = 0  # block, NONE: it does not, RUNG_OUT: it is silent for good
    QUIET = 1  # blocks of silence in a row
    QUIET_BLOCKS = 2  # so many end it
    MOST_BLOCKS = 3  # and so many in all


class Fault(IntEnum):
    """Columns of `faults`: what went wrong with a node. Writing one again changes nothing."""

    BYPASS = 0  # [worker that takes over, or step] 1: it is not computed any more
    REASON = 1  # a Reason, the last one
    RECENT = 2  # and the two behind it: the last blocks in which it gave what is no number, or NONE
    RESET = 5  # the block in which it was tried again
    SINCE = 6  # [worker that takes over] the block from which on it is bypassed


class Reason(IntEnum):
    """Why a node was silenced."""

    NONE = 0
    NOT_FINITE = 1
    CRASHED = 2
    LOOPED = 3


class Player(IntEnum):
    """Columns of `players`: instruments that play several notes at once."""

    BASE = 0  # place of its first voice
    VOICES = 1
    FREQ = 2  # port that holds the pitch of a note which says none
    VELOCITY = 3  # and the velocity


class Group(IntEnum):
    """Columns of `plan_groups`: up to WIDE voices that are computed side by side."""

    NUMBER = 0  # its first voice is at NUMBER * WIDE
    VOICES = 1
    QUIET_BLOCKS = 2  # of silence behind a closed gate after which a voice falls asleep
    IS_DRIVEN = 3  # 1 if a cable opens its gates, so that its voices never sleep


class Memo(IntEnum):
    """The first words of a memo (see `settled`): for what it holds, and what it has seen."""

    ARENA = 0  # address
    LANE = 1
    PLAN = 2
    SINCE = 3  # see Clock.PLAN_SINCE
    BLOCK = 4  # the last one that was computed with it
    STILL = 5  # blocks since something was said
    EDITION = 6  # what is marked with another one does not hold any more
    NEXT = 7  # the first free word
    CABLES_REST = 8  # blocks in which no cable of the lane has moved
    FORESEEN = 9  # blocks in a row that nothing came in, as was known before
    COMES = 10  # the frame before which nothing comes, see `quiet`


class Given(IntEnum):
    """The first words of what is written down of a node, see `repeats`; some are addresses."""

    SLOT = 0
    KERNEL = 1  # address
    OLD = 2  # address of its state
    NEW = 3  # and of that behind the block
    MEMORY = 4  # address
    STILL = 5  # address of whether it stands in this block
    STOOD = 6  # and of whether it stood in the last one
    ROOT_STOOD = 7  # and of the same of the node that it pauses with, or its own once more
    CARE = 8  # a bit for each input row whose knob is on its way, and GROUPED; mostly 0
    BEHIND = 9  # see Node.BEHIND
    AWAKE = 10  # address of which of its voices sound, 0 where it is single
    LEAVES = 11  # see Node.LEAVES
    VERDICT = 12  # address of which of its voices may have given what is no number
    OUTPUTS = 13  # address of its output rows
    COUNT = 14  # of them
    STATES = 15  # words of its state of which one moves where it cannot stand
    REFILLS = 16  # rows that are filled anew
    REFILLED = 17  # address of what is written down of the first of these
    HEARD = 18  # address of whether something that it hears stands, or 0
    TABLE = 19  # the first of the addresses of its rows, as the kernel takes them


class Refill(IntEnum):
    """The words of a row that is filled anew in each block."""

    TABLE = 0  # address of where the kernel finds its address
    PIECES = 1  # blocks of samples: WIDE of voices; or one of the numbers below
    TARGET = 2  # its address
    BASE = 3  # the knob
    LOW = 4  # the range
    HIGH = 5
    SOURCES = 6  # rows that meet there
    FILLED = 7  # address of what says which value the row holds, for others that fill it too
    FIRST = 8  # of the sources: the address of each, and its amount


GROUPED: Final = 1 << 62
"""Of a node that is of voices, or heard with voices alone."""
HOLDS: Final = 0
"""In place of a row's pieces: it holds its knob, and others may write there."""
ANY: Final = -1
"""Or it is filled as ever. TARGET is its place and BASE its number in the plan."""
ANY_WIDE: Final = -2
"""Or so is one of voices."""
