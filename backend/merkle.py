"""Merkle trees of RFC 6962, section 2.1 (SHA-256): roots, proofs, and their verification (RFC 9162, 2.1.3.2, 2.1.4.2).

A tree that grows keeps the hashes of its perfect subtrees. `(level, index)` names the one over the leaves from
`index * 2**level` to before `(index + 1) * 2**level`; level 0 are the leaf hashes. Whoever can read these by name gets
root and proofs of any size with O(log n) reads, and one leaf more changes none of them.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

Node = tuple[int, int]
Read = Callable[[Iterable[Node]], Mapping[Node, bytes]]
"""Returns the hashes of perfect subtrees by name; raises KeyError for one that is not there."""
EMPTY = hashlib.sha256().digest()
"""The root of no leaves."""


def leaf_hash(content: bytes) -> bytes:
    """Return the hash of a leaf with this content."""
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash over two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a tree that grows: enough for its root, and to append to it."""

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        self.size = size
        self._edge = list(hashes)

    def append(self, leaf: bytes) -> list[tuple[Node, bytes]]:
        """Add a leaf hash; return the perfect subtrees that it completes, above the leaf itself."""
        made, hashed, level, index = [], leaf, 0, self.size
        while index & 1:
            hashed = node_hash(self._edge.pop(), hashed)
            level, index = level + 1, index >> 1
            made.append(((level, index), hashed))
        self._edge.append(hashed)
        self.size += 1
        return made

    def root(self) -> bytes:
        """Return the root of what was appended."""
        return _joined(self._edge) if self._edge else EMPTY


def frontier(size: int, read: Read) -> Frontier:
    """Return the right edge of the first `size` leaves."""
    names = list(perfect(0, size))
    found = read(names)
    return Frontier(size, [found[name] for name in names])


def root(size: int, read: Read) -> bytes:
    """Return the root of the first `size` leaves."""
    return frontier(size, read).root()


def inclusion(number: int, size: int, read: Read) -> list[bytes]:
    """Return the path that shows leaf `number` in the tree of the first `size` leaves (RFC 6962, 2.1.1).

    Raises:
        ValueError: there is no such leaf in that tree.
    """
    if not 0 <= number < size:
        raise ValueError(number)
    return _hashes(list(_path(number, 0, size)), read)


def consistency(first: int, second: int, read: Read) -> list[bytes]:
    """Return the proof that the tree of `first` leaves is the beginning of that of `second` (RFC 6962, 2.1.2).

    Raises:
        ValueError: the sizes are not 0 < first <= second.
    """
    if not 0 < first <= second:
        raise ValueError(first)
    return _hashes(list(_steps(first, 0, second, whole=True)), read)


def verify_inclusion(leaf: bytes, number: int, size: int, proof: Sequence[bytes], root_hash: bytes) -> bool:
    """Tell whether a proof shows the leaf hash at `number` in the tree of that size and root (RFC 9162, 2.1.3.2)."""
    if not 0 <= number < size:
        return False
    place, last, hashed = number, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            hashed = node_hash(sibling, hashed)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            hashed = node_hash(hashed, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and hashed == root_hash


def verify_consistency(first: int, second: int, proof: Sequence[bytes], first_root: bytes, second_root: bytes) -> bool:
    """Tell whether a proof shows the smaller tree to be the beginning of the larger one (RFC 9162, 2.1.4.2)."""
    if not 0 < first <= second:
        return False
    if first == second:
        return not proof and first_root == second_root
    path = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    if not path:
        return False
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


def perfect(start: int, end: int) -> Iterator[Node]:
    """Yield the perfect subtrees that together cover a subtree from leaf `start` to before `end`, from the left."""
    while start < end:
        level = (end - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level


def _path(number: int, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the spans of the siblings of a leaf within a subtree, the lowest first."""
    if end - start == 1:
        return
    middle = start + _split(end - start)
    if number < middle:
        yield from _path(number, start, middle)
        yield middle, end
    else:
        yield from _path(number, middle, end)
        yield start, middle


def _steps(first: int, start: int, end: int, *, whole: bool) -> Iterator[tuple[int, int]]:
    """Yield the spans of SUBPROOF; `whole` says that the verifier knows the root of the span as the older tree."""
    if first == end:
        if not whole:
            yield start, end
        return
    middle = start + _split(end - start)
    if first <= middle:
        yield from _steps(first, start, middle, whole=whole)
        yield middle, end
    else:
        yield from _steps(first, middle, end, whole=False)
        yield start, middle


def _split(size: int) -> int:
    """Return the largest power of two below a size of at least two."""
    return 1 << ((size - 1).bit_length() - 1)


def _hashes(spans: Sequence[tuple[int, int]], read: Read) -> list[bytes]:
    covers = [list(perfect(*span)) for span in spans]
    found = read([name for cover in covers for name in cover])
    return [_joined([found[name] for name in cover]) for cover in covers]


def _joined(hashes: Sequence[bytes]) -> bytes:
    """Return the hash of the subtree whose perfect parts, from the left, are given."""
    hashed = hashes[-1]
    for left in reversed(hashes[:-1]):
        hashed = node_hash(left, hashed)
    return hashed
