"""Writes tests/golden/hdf5/*.h5, a feature of the format each, and expected.txt: what h5py reads in
them, or why Antler refuses them.

    pip install h5py==3.14.0 ml_dtypes     (in a virtual environment outside the tree)
    python tests/golden/hdf5/generate.py

The suite never needs Python: what this writes is committed. In expected.txt each file has a line
"== name", and behind it all that is in it, in the manner of tests/io/hdf5_walk.h; or one line
"refused: " with words of the message.
"""
import pathlib
import struct

import h5py
import ml_dtypes
import numpy as np

HERE = pathlib.Path(__file__).parent
ACCEPTED, REFUSED = [], []
NEW = dict(libver="latest")


def accepted(**options):
    def mark(make):
        ACCEPTED.append((make, options))
        return make
    return mark


def refused(because, **options):
    def mark(make):
        REFUSED.append((make, because, options))
        return make
    return mark


# --- what is in a file, as text ---
def quoted(text):
    text = text.decode() if isinstance(text, bytes) else text
    out = ""
    for c in text:
        if c in '"\\':
            out += "\\" + c
        elif c == "\n":
            out += "\\n"
        else:
            out += f"\\u{ord(c):04x}" if ord(c) < 32 else c
    return f'"{out}"'


def value_text(value, dtype, space):
    kind = space.get_simple_extent_type()
    shape = space.get_simple_extent_dims() if kind == h5py.h5s.SIMPLE else ()
    place = " none" if kind == h5py.h5s.NULL else f" ({', '.join(map(str, shape))})" if shape else ""
    is_text = dtype.kind in "SO"
    if kind == h5py.h5s.NULL:
        value = np.zeros(0, "f4" if is_text else dtype)
    flat = np.asarray(value, object if is_text else None).reshape(-1)
    if is_text:
        return f"text{place}:" + "".join(" " + quoted(x) for x in flat)
    name = "bool" if dtype.kind == "b" else dtype.newbyteorder("=").name
    numbers = [f"{float(x):.9g}" if dtype.kind == "f" else str(int(x)) for x in flat]
    return f"{name}{place}:" + "".join(" " + x for x in numbers)


def tell(o, path, lines):
    is_group = isinstance(o, h5py.Group)
    if is_group:
        lines.append(f"{path or '/'} group {len(o)}")
    else:
        value, dtype = o[()], o.dtype
        if o.attrs.get("dtype") == "bfloat16":
            value = value.view(ml_dtypes.bfloat16).astype("f4")
            dtype = value.dtype
        elif dtype.kind == "f" and dtype.itemsize == 4 and o.id.get_type().get_size() == 2:
            dtype = np.dtype("f4")
        lines.append(f"{path} {value_text(value, dtype, o.id.get_space())}")
    for name in sorted(o.attrs, key=str.encode):
        a = o.attrs.get_id(name)
        lines.append(f"{path}@{name} {value_text(o.attrs[name], a.dtype, a.get_space())}")
    for name in sorted(o, key=str.encode) if is_group else []:
        tell(o[name], f"{path}/{name}", lines)


# --- Keras's own layouts ---
def ramp(shape, dtype="f4"):
    return (np.arange(int(np.prod(shape))) / 8 - 1).astype(dtype).reshape(shape)


@accepted()
def keras_weights(f):
    for name, layer in (("dense", "hidden"), ("dense_1", "o\u0308ut")):
        g = f.create_group(f"layers/{name}/vars")
        g.attrs["name"] = layer
        g["0"] = ramp((3, 2))
        g["1"] = ramp((2,))
    f.create_group("layers/dropout/vars").attrs["name"] = "dropout"
    g = f.create_group("optimizer/vars")
    g.attrs["name"] = "adam"
    g["0"] = np.int64(12)
    g["1"] = np.float32(0.001)


@accepted()
def keras_legacy(f):
    f.attrs["model_config"] = '{"class_name": "Sequential", "config": {"name": "\u00e4"}}'
    f.attrs["keras_version"] = "2.15.0"
    g = f.create_group("model_weights")
    g.attrs["layer_names"] = [b"dense", b"dropout_12"]
    g.attrs["backend"] = "tensorflow"
    d = g.create_group("dense")
    d.attrs["weight_names"] = [b"dense/kernel:0", b"dense/bias:0"]
    d["dense/kernel:0"] = ramp((2, 2))
    d["dense/bias:0"] = ramp((2,))
    g.create_group("dropout_12").attrs["weight_names"] = []


@accepted()
def keras_bfloat16(f):
    f.create_dataset("0", data=ramp((4,)).astype(ml_dtypes.bfloat16)).attrs["dtype"] = "bfloat16"


# --- types ---
INTEGERS = ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"]


def extremes(kind):
    info = np.iinfo(kind)
    return np.array([info.min, 0, 1, info.max], kind)


@accepted(**NEW)
def types_little(f):
    for kind in INTEGERS:
        f[kind] = extremes("<" + kind)
    for kind in ("f2", "f4", "f8"):
        f[kind] = np.array([0.1, -np.inf, 1e-7, np.nan], "<" + kind)
    f["bool"] = np.array([True, False])


@accepted(**NEW)
def types_big(f):
    for kind in INTEGERS:
        f[kind] = extremes(">" + kind)
    for kind in ("f2", "f4", "f8"):
        f[kind] = np.array([0.1, -np.inf, 1e-7, 2], ">" + kind)


@accepted()
def types_old_bool(f):
    f["bool"] = np.array([True, False])
    f.attrs["bool"] = True


def bfloat16_type(order):
    t = (h5py.h5t.IEEE_F32LE if order == "<" else h5py.h5t.IEEE_F32BE).copy()
    t.set_fields(15, 7, 8, 0, 7)
    t.set_size(2)
    t.set_ebias(127)
    return t


@accepted(**NEW)
def types_bfloat16(f):
    for order in "<>":
        d = h5py.h5d.create(f.id, order.encode(), bfloat16_type(order), h5py.h5s.create_simple((3,)))
        d.write(h5py.h5s.ALL, h5py.h5s.ALL, np.array([1.5, -2, 0.001], "f4"))


# --- shapes ---
@accepted()
def shapes(f):
    f["scalar"] = np.float32(3)
    f["empty"] = np.zeros((0, 3), "f4")
    f["none"] = h5py.Empty("f4")
    f["axes"] = ramp((1, 2, 1, 2, 1, 2, 1, 1))
    f.attrs["none"] = h5py.Empty("i4")
    f.attrs["list"] = []
    f.attrs["table"] = np.arange(6).reshape(2, 3)


@accepted(**NEW)
def shapes_new(f):
    shapes(f)


# --- texts ---
def fixed_text(f, name, padding, values, size):
    t = h5py.h5t.C_S1.copy()
    t.set_size(size)
    t.set_strpad(padding)
    a = h5py.h5a.create(f.id, name.encode(), t, h5py.h5s.create_simple((len(values),)))
    fill = b" " if padding == h5py.h5t.STR_SPACEPAD else b"\0"
    a.write(np.array([v.ljust(size, fill) for v in values], f"V{size}").view(f"S{size}"), mtype=t)


@accepted()
def texts_fixed(f):
    fixed_text(f, "ended", h5py.h5t.STR_NULLTERM, [b"ab", b"", b"abc"], 4)
    fixed_text(f, "padded", h5py.h5t.STR_NULLPAD, [b"ab", b"", b"abcd"], 4)
    fixed_text(f, "blanks", h5py.h5t.STR_SPACEPAD, [b"ab", b"", b"abcd"], 4)
    f["dataset"] = np.array([b"one", b"three"])


@accepted()
def texts_variable(f):
    f["scalar"] = "a text"
    f["list"] = np.array(["\u043a\u043b\u044e\u0447", "", "x" * 40], object)
    f.attrs["list"] = ["one", "", "three"]
    f.attrs["empty"] = ""
    f.attrs["lines"] = 'a\n"b"\\'
    f.attrs.create("ascii", "plain", dtype=h5py.string_dtype("ascii"))


@accepted(**NEW)
def texts_new(f):
    f.attrs["\u043a\u043b\u044e\u0447"] = "value"
    f.attrs["list"] = ["one", "", "three"]


@accepted()
def texts_split(f):
    f.attrs["layer_names0"] = [b"a", b"b"]
    f.attrs["layer_names1"] = [b"ccc"]


# --- groups ---
@accepted()
def groups_old(f):
    for k in range(20):
        f.attrs[f"a{k}"] = k
    for k in range(19):
        f[f"member_{k}"] = np.int8(k)
    del f["member_7"]
    f["another"] = np.int8(1)


@accepted(**NEW)
def groups_compact(f):
    g = f.create_group("ordered", track_order=True)
    for name in ("z", "a", "\u043a\u043b\u044e\u0447"):
        g[name] = np.int8(1)
    f["x" * 300] = np.int8(2)


@accepted(**NEW)
def groups_dense(f):
    for k in range(24):
        f[f"member_{k}_" + "x" * (k % 30)] = np.int8(k)
    del f["member_0_"]
    g = f.create_group("ordered", track_order=True)
    for k in range(12):
        g.create_group(f"{k}")


@accepted(**NEW)
def attributes_dense(f):
    for k in range(60):
        f.attrs[f"a{k}"] = k
    f.attrs["huge"] = np.arange(700)
    del f.attrs["a5"]


@accepted(libver="latest", track_order=True)
def attributes_ordered(f):
    for k in range(10):
        f.attrs[f"b{k}"] = k
    g = f.create_group("few", track_order=True)
    g.attrs["z"] = 1
    g.attrs["y"] = 2


@accepted()
def header_continued(f):
    d = f.create_dataset("x", data=ramp((2,)))
    g = f.create_group("g")
    for k in range(4):
        d.attrs[f"a{k}"] = "text" * k
        g.attrs[f"a{k}"] = np.arange(k)


@accepted(**NEW)
def header_continued_new(f):
    header_continued(f)


# --- superblocks ---
@accepted(userblock_size=512)
def superblock_user_block(f):
    f["x"] = ramp((3,))


@accepted(userblock_size=1024, libver="latest")
def superblock_user_block_new(f):
    f["x"] = ramp((3,))


def plain(f):
    f["x"] = ramp((3,))
    f.create_group("g")


@accepted(libver=("v108", "v108"))
def superblock_2(f):
    plain(f)


@accepted(libver="latest", fs_strategy="page", fs_persist=True)
def superblock_extension(f):
    plain(f)


# --- chunks ---
GRID = dict(data=np.arange(35).reshape(5, 7).astype("i2"), chunks=(2, 3))
PACKED = dict(compression="gzip", shuffle=True, fletcher32=True)


@accepted()
def chunks_old(f):
    f.create_dataset("packed", **GRID, **PACKED)


@accepted()
def chunks_old_plain(f):
    f.create_dataset("plain", **GRID, maxshape=(None, None))


@accepted(**NEW)
def chunks_filters(f):
    f.create_dataset("deflate", **GRID, compression="gzip")
    f.create_dataset("shuffle", **GRID, shuffle=True)
    f.create_dataset("fletcher", **GRID, fletcher32=True)
    f.create_dataset("odd", data=np.arange(5, dtype="i1"), chunks=(5,), fletcher32=True)
    f.create_dataset("all", **GRID, **PACKED)


@accepted(**NEW)
def chunks_skipped(f):
    """A filter that was not used, as libhdf5 does when deflate makes a chunk no smaller."""
    f.create_dataset("x", shape=(4, 2), dtype="i2", chunks=(2, 2), compression="gzip", shuffle=True)
    f["x"].id.write_direct_chunk((0, 0), np.arange(4, dtype="<i2").tobytes(), filter_mask=3)
    f["x"].id.write_direct_chunk((2, 0), b"\1\2\3\4\0\0\0\0", filter_mask=2)


@accepted(**NEW)
def chunks_single(f):
    f.create_dataset("plain", data=ramp((2, 3)), chunks=(2, 3))
    f.create_dataset("packed", data=ramp((2, 3)), chunks=(2, 3), **PACKED)


@accepted(**NEW)
def chunks_implicit(f):
    p = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    p.set_chunk((2, 3))
    p.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    h5py.h5d.create(f.id, b"x", h5py.h5t.NATIVE_INT16, h5py.h5s.create_simple((5, 7)), p)
    f["x"][...] = GRID["data"]


@accepted(**NEW)
def chunks_fixed(f):
    f.create_dataset("plain", **GRID, maxshape=(9, 8))
    f.create_dataset("packed", **GRID, **PACKED)


@accepted(**NEW)
def chunks_fixed_pages(f):
    d = f.create_dataset("x", shape=(1100,), dtype="i1", chunks=(1,))
    d[3], d[1050] = 5, 6


@accepted(**NEW)
def chunks_growing(f):
    f.create_dataset("first", **GRID, maxshape=(None, 7))
    f.create_dataset("second", **GRID, maxshape=(6, None), **PACKED)
    d = f.create_dataset("long", shape=(300,), dtype="i1", chunks=(1,), maxshape=(None,))
    for k in (0, 5, 30, 60, 299):
        d[k] = k % 100


@accepted(**NEW)
def chunks_tree(f):
    f.create_dataset("plain", **GRID, maxshape=(None, None))
    f.create_dataset("packed", **GRID, maxshape=(None, None), **PACKED)


@accepted(**NEW)
def chunks_deep_tree(f):
    f.create_dataset("x", data=np.arange(100, dtype="i1").reshape(10, 10), chunks=(1, 1),
                     maxshape=(None, None))


@accepted(**NEW)
def fill_values(f):
    f.create_dataset("never", shape=(2, 2), dtype="i2", fillvalue=7)
    f.create_dataset("zeros", shape=(3,), dtype="f4")
    d = f.create_dataset("some", shape=(4,), dtype="f4", chunks=(2,), fillvalue=1.5)
    d[3] = 2


@accepted()
def fill_values_old(f):
    f.create_dataset("never", shape=(2, 2), dtype=">i2", fillvalue=7)
    d = f.create_dataset("some", shape=(4,), dtype="f4", chunks=(2,), fillvalue=1.5)
    d[3] = 2


@accepted()
def compact(f):
    p = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    p.set_layout(h5py.h5d.COMPACT)
    h5py.h5d.create(f.id, b"x", h5py.h5t.IEEE_F32BE, h5py.h5s.create_simple((3,)), p)
    f["x"][...] = 3


# --- refused: links ---
@refused("its member 'soft' is a soft link")
def refused_soft(f):
    f["x"] = 1
    f["soft"] = h5py.SoftLink("/x")


@refused("its member 'soft' is a soft link", **NEW)
def refused_soft_new(f):
    f["soft"] = h5py.SoftLink("/soft")


@refused("its member 'out' is an external link")
def refused_external_old(f):
    f["out"] = h5py.ExternalLink("/etc/passwd", "/x")


@refused("its member 'out' is an external link", **NEW)
def refused_external(f):
    f["out"] = h5py.ExternalLink("/etc/passwd", "/x")


@refused("its member 'y' is something else too (a hard link?)")
def refused_hard(f):
    f["x"] = 1
    f["y"] = f["x"]


@refused("its member 'y' is something else too (a hard link?)", **NEW)
def refused_hard_new(f):
    f["x"] = 1
    f["y"] = f["x"]


@refused("it has 2 names (hard links)")
def refused_cycle(f):
    g = f.create_group("g")
    g["again"] = g


# --- refused: data that is elsewhere ---
@refused("a virtual dataset", **NEW)
def refused_virtual(f):
    layout = h5py.VirtualLayout(shape=(4,), dtype="f4")
    layout[:] = h5py.VirtualSource("other.h5", "x", shape=(4,))
    f.create_virtual_dataset("x", layout)


@refused("it has data in other files")
def refused_outside(f):
    f.create_dataset("x", shape=(4,), dtype="f4", external=[("/etc/passwd", 0, 16)])


# --- refused: filters ---
@refused("filter 32000 (a filter that needs a plugin)")
def refused_lzf(f):
    f.create_dataset("x", data=np.zeros(100), compression="lzf")


@refused("filter 6 (scale-offset)", **NEW)
def refused_scale_offset(f):
    f.create_dataset("x", data=np.zeros(100, "i4"), scaleoffset=0)


@refused("filter 5 (nbit)", **NEW)
def refused_nbit(f):
    p = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    p.set_chunk((4,))
    p.set_filter(5, h5py.h5z.FLAG_OPTIONAL)
    h5py.h5d.create(f.id, b"x", h5py.h5t.NATIVE_INT16, h5py.h5s.create_simple((4,)), p)


@refused("shuffle is used twice", **NEW)
def refused_twice(f):
    p = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    p.set_chunk((4,))
    for _ in range(2):
        p.set_filter(2, h5py.h5z.FLAG_OPTIONAL, (2,))
    h5py.h5d.create(f.id, b"x", h5py.h5t.NATIVE_INT16, h5py.h5s.create_simple((4,)), p)


# --- refused: types ---
@refused("a compound of 8 bytes: there is no counterpart here")
def refused_compound(f):
    f["x"] = np.zeros(2, [("a", "f4"), ("b", "i4")])


@refused("a compound of 8 bytes: there is no counterpart here")
def refused_complex(f):
    f["x"] = np.zeros(2, "c8")


@refused("a list of variable length of 16 bytes: not a text")
def refused_lists(f):
    f.create_dataset("x", shape=(2,), dtype=h5py.vlen_dtype("i4"))


@refused("a reference of 8 bytes: there is no counterpart here")
def refused_reference(f):
    f.attrs["x"] = f.ref


@refused("raw bytes (opaque) of 4 bytes: there is no counterpart here")
def refused_opaque(f):
    f["x"] = np.zeros(2, "V4")


@refused("raw bytes (opaque) have no counterpart here")
def refused_opaque_pair(f):
    f["x"] = np.zeros(2, "V2")


@refused("an enumeration of 1 byte: not the bool of h5py")
def refused_enum(f):
    f.create_dataset("x", shape=(2,), dtype=h5py.enum_dtype({"A": 0, "B": 1}, "i1"))


@refused("an array of 12 bytes: there is no counterpart here")
def refused_array(f):
    f.create_dataset("x", shape=(2,), dtype=np.dtype(("f4", 3)))


@refused("bits of 4 bytes: there is no counterpart here")
def refused_bits(f):
    h5py.h5d.create(f.id, b"x", h5py.h5t.STD_B32LE, h5py.h5s.create_simple((2,)))


@refused("a time of 4 bytes: there is no counterpart here")
def refused_time(f):
    h5py.h5d.create(f.id, b"x", h5py.h5t.UNIX_D32LE, h5py.h5s.create_simple((2,)))


@refused("a float of 1 byte: not one of IEEE's")
def refused_float8(f):
    t = h5py.h5t.IEEE_F32LE.copy()
    t.set_fields(7, 3, 4, 0, 3)
    t.set_size(1)
    t.set_ebias(7)
    h5py.h5d.create(f.id, b"x", t, h5py.h5s.create_simple((2,)))


@refused("an integer of 4 bytes: not one of C's")
def refused_integer(f):
    t = h5py.h5t.STD_I32LE.copy()
    t.set_precision(24)
    h5py.h5d.create(f.id, b"x", t, h5py.h5s.create_simple((2,)))


@refused("a committed datatype")
def refused_committed(f):
    f["type"] = np.dtype("f4")


@refused("a committed datatype", **NEW)
def refused_committed_use(f):
    f["type"] = np.dtype("f4")
    f.create_dataset("a", shape=(2,), dtype=f["type"])


@refused("texts in chunks are not read here", **NEW)
def refused_text_chunks(f):
    f.create_dataset("x", data=np.array([b"a", b"b"]), chunks=(1,))


@refused("its texts were never written")
def refused_no_texts(f):
    f.create_dataset("x", shape=(3,), dtype="S4")


# --- refused: shapes ---
@refused("datasets have 8000000000000000000 bytes that are not in the file")
def refused_bomb(f):
    f.create_dataset("x", shape=(10**9, 10**9), dtype="f8")


@refused("datasets have 1000000000000 bytes that are not in the file", **NEW)
def refused_chunk_bomb(f):
    f.create_dataset("x", shape=(10**6, 10**6), dtype="i1", chunks=(10, 10), maxshape=(None, None))


@refused("it has 9 axes; at most 8 are read")
def refused_axes(f):
    f["x"] = np.zeros((1,) * 9)


# --- sizes that h5py does not let one choose ---
def lookup3(data):
    """Bob Jenkins's hash, with which the format checks its structures."""
    def turn(x, k):
        return (x << k | x >> (32 - k)) & 0xFFFFFFFF
    a = b = c = (0xDEADBEEF + len(data)) & 0xFFFFFFFF
    while len(data) > 12:
        x, y, z = struct.unpack("<III", data[:12])
        a, b, c = (a + x) & 0xFFFFFFFF, (b + y) & 0xFFFFFFFF, (c + z) & 0xFFFFFFFF
        for k in (4, 6, 8, 16, 19, 4):
            a = (a - c & 0xFFFFFFFF) ^ turn(c, k)
            a, b, c = b, (c + b) & 0xFFFFFFFF, a
        data = data[12:]
    if not data:
        return c
    x, y, z = struct.unpack("<III", data.ljust(12, b"\0"))
    a, b, c = (a + x) & 0xFFFFFFFF, (b + y) & 0xFFFFFFFF, (c + z) & 0xFFFFFFFF
    for k in (14, 11, 25, 16, 4, 14, 24):
        c = ((c ^ b) - turn(b, k)) & 0xFFFFFFFF
        a, b, c = b, c, a
    return b


def sealed(block):
    return block + struct.pack("<I", lookup3(block))


class Patch:
    """Bytes of a file whose structures are changed and sealed again."""

    def __init__(self, path):
        self.path = path
        self.bytes = bytearray(path.read_bytes())

    def number(self, at, size=8):
        return int.from_bytes(self.bytes[at:at + size], "little")

    def put(self, at, data):
        self.bytes[at:at + len(data)] = data

    def seal(self, at, size):
        self.put(at, sealed(bytes(self.bytes[at:at + size])))

    def append(self, data):
        at = len(self.bytes)
        self.bytes += data
        return at

    def close(self):
        self.put(28, struct.pack("<Q", len(self.bytes)))
        self.seal(0, 44)
        self.path.write_bytes(self.bytes)


def paged_block(p, old, entries, page):
    """A data block of a growing array, in pages."""
    head = 14 + 4
    block = sealed(bytes(p.bytes[old:old + head]))
    for k in range(0, entries, page):
        block += sealed(bytes(p.bytes[old + head + 8 * k:old + head + 8 * (k + page)]))
    return p.append(block)


def page_growing_array(path):
    """Pages of 64 entries, where libhdf5 has 1024, so that a small file has some."""
    page, header, index = 64, None, None
    p = Patch(path)
    header = p.bytes.find(b"EAHD")
    index = p.number(header + 60)
    slot = index + 14 + 4 * 8 + 6 * 8 + 8  # the second super block: 4 data blocks of 128 entries
    old = p.number(slot)
    blocks = [p.number(old + 18 + 8 * k) for k in range(4)]
    moved = [b if b == 2**64 - 1 else paged_block(p, b, 128, page) for b in blocks]
    bits = bytes([0b11010000, 0, 0, 0])  # pages 0, 1 and 3 are used
    super_block = bytes(p.bytes[old:old + 18]) + bits + struct.pack("<4Q", *moved)
    p.put(slot, struct.pack("<Q", p.append(sealed(super_block))))
    p.seal(index, 14 + 4 * 8 + 6 * 8 + (p.bytes[header + 7] + 1 - 4 - 4) * 8)
    p.put(header + 11, bytes([6]))
    p.seal(header, 68)
    options = bytes([32, 4, 4, 16, 10]) + struct.pack("<Q", header)
    at = p.bytes.find(options)
    p.put(at + 4, bytes([6]))
    start = p.bytes.rfind(b"OHDR", 0, at)
    flags = p.bytes[start + 5]
    head = 6 + (16 if flags & 32 else 0) + (4 if flags & 16 else 0)
    p.seal(start, head + (1 << (flags & 3)) + p.number(start + head, 1 << (flags & 3)))
    p.close()


@accepted(**NEW, then=page_growing_array)
def chunks_growing_pages(f):
    d = f.create_dataset("x", shape=(1000,), dtype="i1", chunks=(1,), maxshape=(None,))
    for k in (3, 450, 510, 600, 700):
        d[k] = k % 101


def make_file(make, then=None, **options):
    path = HERE / f"{make.__name__}.h5"
    with h5py.File(path, "w", **options) as f:
        make(f)
    if then:
        then(path)
    return path


def main():
    lines = ["# written by tests/golden/hdf5/generate.py with h5py " + h5py.__version__]
    for make, options in ACCEPTED:
        path = make_file(make, **options)
        lines.append(f"== {make.__name__}")
        with h5py.File(path) as f:
            tell(f, "", lines)
    for make, because, options in REFUSED:
        make_file(make, **options)
        lines += [f"== {make.__name__}", f"refused: {because}"]
    (HERE / "expected.txt").write_text("\n".join(lines) + "\n")
    sizes = [p.stat().st_size for p in HERE.glob("*.h5")]
    print(len(sizes), "files,", sum(sizes), "bytes, the largest", max(sizes))


if __name__ == "__main__":
    main()
