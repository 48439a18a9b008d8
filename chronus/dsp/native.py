"""What the executor needs below numba: pointers, native calls, order, denormals."""

from __future__ import annotations

import platform
from typing import Any, Final

from llvmlite import binding, ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from chronus.dsp.lanes import summed
from chronus.dsp.layout import WIDE
from chronus.settings import BLOCK

# A loop over WIDE voices is to stay a loop until LLVM looks for SIMD: unrolled before, it is lost.
binding.set_option("chronus", "-unroll-full-max-count=8")
# Loops with a float64 in them are to take as many float32 at once as those without.
binding.set_option("chronus", "-vectorizer-maximize-bandwidth")

OPTIONS: Final = {
    "nogil": True,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
    "error_model": "numpy",
    "boundscheck": False,
    "fastmath": False,
    "_nrt": False,
}
"""Strict arithmetic: nothing is reordered, and contracted by `product_and` alone.

Python calls none of it but through `chronus.dsp.compile.Entry`.
"""
FROM_PYTHON: Final = {**OPTIONS, "no_cpython_wrapper": False}
"""For what measures."""

ONCE: Final = {**OPTIONS, "inline": "always"}
"""What stands in one or two places: no function of its own, which would take longer to compile."""

KERNEL_ARGUMENTS: Final = (types.int64,) * 5


def record(item: types.Record) -> Any:
    """A call that takes an int64 for the address of such a record, and gives the record."""

    @intrinsic
    def cast(_typing: Any, _address: Any) -> Any:
        def code(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            return builder.inttoptr(arguments[0], context.get_value_type(item))

        return item(types.int64), code

    return cast


@intrinsic
def two_to(_typing: Any, _whole: Any) -> Any:
    """Two to the power of a whole number of -126..127: see `chronus.dsp.approx`."""

    def code(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        word = ir.IntType(32)
        biased = builder.add(arguments[0], ir.Constant(word, 127))
        bits = builder.shl(biased, ir.Constant(word, 23))
        return builder.bitcast(bits, ir.FloatType())

    return types.float32(types.int32), code


@intrinsic
def product_and(_typing: Any, _sum: Any, _one: Any, _other: Any) -> Any:
    """A sum and a product of float32, rounded once, as ticks do it (`Lanes.product_and`)."""

    def code(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        item = ir.FloatType()
        kind = ir.FunctionType(item, [item] * 3)
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.fma.f32")
        added, one, other = arguments
        return builder.call(function, [one, other, added])

    return types.float32(*(types.float32,) * 3), code


@intrinsic
def add_lanes(_typing: Any, _source: Any, _target: Any, _peaks: Any, _heard: Any) -> Any:
    """Write the sums over WIDE voices of WIDE frames: see `chronus.dsp.lanes.summed`.

    By the address of the frames, each WIDE float32, and of as many float32 for the sums, and for
    the peaks of the voices so far, 0 or above; `heard` has a bit for each voice that counts, none
    of which gives what is no number.
    """

    def code(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        source, target, peaks, heard = arguments
        item = ir.VectorType(ir.FloatType(), WIDE)
        kind = ir.PointerType(item)
        bits = builder.trunc(heard, ir.IntType(WIDE))
        mask = builder.bitcast(bits, ir.VectorType(ir.IntType(1), WIDE))
        frames = []
        for i in range(WIDE):
            at = builder.add(source, ir.Constant(ir.IntType(64), 4 * WIDE * i))
            row = builder.load(builder.inttoptr(at, kind), align=4)
            frames.append(builder.select(mask, row, ir.Constant(item, [0.0] * WIDE)))
        builder.store(summed(builder, frames), builder.inttoptr(target, kind), align=4)
        # Numbers above 0 are in the order of their bits.
        words = ir.VectorType(ir.IntType(32), WIDE)
        unsigned = ir.Constant(words, [0x7FFFFFFF] * WIDE)
        before = builder.inttoptr(peaks, ir.PointerType(words))
        loud = [builder.and_(builder.bitcast(frame, words), unsigned) for frame in frames]
        loud.append(builder.load(before, align=4))
        while len(loud) > 1:
            pairs = zip(loud[::2], loud[1::2], strict=False)
            rest = loud[len(loud) - len(loud) % 2 :]
            loud = [
                builder.select(builder.icmp_signed(">", one, other), one, other)
                for one, other in pairs
            ] + rest
        builder.store(loud[0], before, align=4)
        return ir.Constant(ir.IntType(64), 0)

    return types.int64(*(types.int64,) * 4), code


def _array(
    context: Any, builder: Any, kind: types.Array, place: ir.Value, shape: list[ir.Value]
) -> ir.Value:
    """An array of a kind at a place, which nobody owns."""
    array = context.make_array(kind)(context, builder)
    size = context.get_constant(
        types.intp, context.get_abi_sizeof(context.get_value_type(kind.dtype))
    )
    strides = [size]
    for length in shape[:0:-1]:
        strides.insert(0, builder.mul(strides[0], length))
    data = builder.bitcast(place, context.get_value_type(kind.dtype).as_pointer())
    populate_array(array, data, shape, strides, size, None)
    return array._getvalue()  # noqa: SLF001 - numba has no other name for it


def _array_at(item: types.Type) -> Any:
    """What makes an array of so many such items at an address."""
    kind = types.Array(item, 1, "C")

    def code(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        address, count = arguments
        place = builder.inttoptr(address, ir.PointerType(ir.IntType(8)))
        return _array(context, builder, kind, place, [count])

    return kind(types.int64, types.int64), code


@intrinsic
def floats(_typing: Any, _address: Any, _count: Any) -> Any:
    """An array of `count` float32 at an address."""
    return _array_at(types.float32)


@intrinsic
def longs(_typing: Any, _address: Any, _count: Any) -> Any:
    """An array of `count` int64 at an address."""
    return _array_at(types.int64)


@intrinsic
def row_of_voices(_typing: Any, _address: Any) -> Any:
    """A wide row at an address, shape (BLOCK, WIDE) float32."""
    kind = types.Array(types.float32, 2, "C")

    def code(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        place = builder.inttoptr(arguments[0], ir.PointerType(ir.IntType(8)))
        shape = [context.get_constant(types.intp, length) for length in (BLOCK, WIDE)]
        return _array(context, builder, kind, place, shape)

    return kind(types.int64), code


@intrinsic
def float_stack(_typing: Any) -> Any:
    """WIDE float32 on the stack of the very function that it is written in."""
    kind = types.Array(types.float32, 1, "C")

    def code(context: Any, builder: Any, _signature: Any, _arguments: Any) -> Any:
        slot = cgutils.alloca_once(builder, ir.ArrayType(ir.FloatType(), WIDE))
        slot.align = 64
        return _array(context, builder, kind, slot, [context.get_constant(types.intp, WIDE)])

    return kind(), code


@njit(forceinline=True, **OPTIONS)
def copy_items(target: Any, source: Any) -> None:
    """Copy items from one place to another that does not overlap it.

    An assignment of slices would allocate memory wherever the two may overlap.
    """
    for i in range(len(target)):
        target[i] = source[i]


@intrinsic
def long_at(_typing: Any, _address: Any) -> Any:
    """The int64 at an address."""

    def code(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.load(builder.inttoptr(arguments[0], ir.PointerType(ir.IntType(64))))

    return types.int64(types.int64), code


@intrinsic
def put_long(_typing: Any, _address: Any, _value: Any) -> Any:
    """Put an int64 at an address."""

    def code(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        place = builder.inttoptr(arguments[0], ir.PointerType(ir.IntType(64)))
        builder.store(arguments[1], place)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), code


@intrinsic
def float_at(_typing: Any, _address: Any) -> Any:
    """The float32 at an address."""

    def code(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.load(builder.inttoptr(arguments[0], ir.PointerType(ir.FloatType())))

    return types.float32(types.int64), code


@intrinsic
def put_float(_typing: Any, _address: Any, _value: Any) -> Any:
    """Put a float32 at an address."""

    def code(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        place = builder.inttoptr(arguments[0], ir.PointerType(ir.FloatType()))
        builder.store(arguments[1], place)
        return context.get_dummy_value()

    return types.void(types.int64, types.float32), code


@intrinsic
def call_kernel(
    _typing: Any, address: Any, rows: Any, source: Any, target: Any, memory: Any, rate: Any
) -> Any:
    """Call a compiled kernel at an address by numba's own calling convention."""

    def code(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        kernel = context.call_conv.get_function_type(types.void, KERNEL_ARGUMENTS)
        pointer = builder.inttoptr(arguments[0], ir.PointerType(kernel))
        context.call_conv.call_function(
            builder, pointer, types.void, KERNEL_ARGUMENTS, arguments[1:]
        )
        return context.get_dummy_value()

    return types.void(types.int64, *KERNEL_ARGUMENTS), code


@intrinsic
def fence(_typing: Any) -> Any:
    """Order all stores before it before all stores after it, for every core."""

    def code(context: Any, builder: Any, _signature: Any, _arguments: Any) -> Any:
        builder.fence("release")
        return context.get_dummy_value()

    return types.void(), code


@intrinsic
def fresh(_typing: Any, address: Any) -> Any:
    """The int64 at an address as another process left it, read anew each time."""

    def code(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        pointer = builder.inttoptr(arguments[0], ir.PointerType(ir.IntType(64)))
        return builder.load_atomic(pointer, "acquire", 8)

    return types.int64(types.int64), code


@intrinsic
def swap_if(_typing: Any, address: Any, expected: Any, new: Any) -> Any:
    """Put `new` at an address if `expected` is there, in one step; what was there."""

    def code(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        pointer = builder.inttoptr(arguments[0], ir.PointerType(ir.IntType(64)))
        done = builder.cmpxchg(pointer, arguments[1], arguments[2], "seq_cst")
        return builder.extract_value(done, 0)

    return types.int64(types.int64, types.int64, types.int64), code


_X86: Final = platform.machine() in {"x86_64", "AMD64"}
_ARM: Final = platform.machine() in {"aarch64", "arm64"}
FLUSH_BITS: Final = 0x8040 if _X86 else (1 << 24)
"""Flush-to-zero and denormals-are-zero of MXCSR; FZ of FPCR."""


@intrinsic
def read_float_control(_typing: Any) -> Any:
    """The floating-point control register of this thread; 0 where it is not known."""

    def code(_context: Any, builder: Any, _signature: Any, _arguments: Any) -> Any:
        word, long = ir.IntType(32), ir.IntType(64)
        if _X86:
            slot = cgutils.alloca_once(builder, word)
            kind = ir.FunctionType(ir.VoidType(), [ir.PointerType(ir.IntType(8))])
            store = cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.sse.stmxcsr")
            builder.call(store, [builder.bitcast(slot, ir.PointerType(ir.IntType(8)))])
            return builder.zext(builder.load(slot), long)
        if _ARM:
            return builder.asm(ir.FunctionType(long, []), "mrs $0, fpcr", "=r", [], True)
        return ir.Constant(long, 0)

    return types.int64(), code


@intrinsic
def write_float_control(_typing: Any, value: Any) -> Any:
    """Set the floating-point control register of this thread."""

    def code(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        word, long = ir.IntType(32), ir.IntType(64)
        if _X86:
            slot = cgutils.alloca_once(builder, word)
            builder.store(builder.trunc(arguments[0], word), slot)
            kind = ir.FunctionType(ir.VoidType(), [ir.PointerType(ir.IntType(8))])
            load = cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.sse.ldmxcsr")
            builder.call(load, [builder.bitcast(slot, ir.PointerType(ir.IntType(8)))])
        elif _ARM:
            kind = ir.FunctionType(ir.VoidType(), [long])
            builder.asm(kind, "msr fpcr, $0", "r", [arguments[0]], True)
        return context.get_dummy_value()

    return types.void(types.int64), code
