"""The tree against RFC 6962: the reference vectors, and an implementation as the RFC writes it down."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend import merkle

LEAVES = [
    bytes.fromhex(one)
    for one in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PATHS = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
"""The inclusion proofs of the certificate-transparency reference implementation, by leaf and size."""
STEPS = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


def sha(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def largest_power_below(n: int) -> int:
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def mth(contents: list[bytes]) -> bytes:
    """Compute MTH as RFC 6962, 2.1 defines it."""
    if not contents:
        return sha()
    if len(contents) == 1:
        return sha(b"\x00", contents[0])
    k = largest_power_below(len(contents))
    return sha(b"\x01", mth(contents[:k]), mth(contents[k:]))


def path(m: int, contents: list[bytes]) -> list[bytes]:
    """Compute PATH as RFC 6962, 2.1.1 defines it."""
    if len(contents) == 1:
        return []
    k = largest_power_below(len(contents))
    if m < k:
        return [*path(m, contents[:k]), mth(contents[k:])]
    return [*path(m - k, contents[k:]), mth(contents[:k])]


def subproof(m: int, contents: list[bytes], *, known: bool) -> list[bytes]:
    """Compute SUBPROOF as RFC 6962, 2.1.2 defines it."""
    if m == len(contents):
        return [] if known else [mth(contents)]
    k = largest_power_below(len(contents))
    if m <= k:
        return [*subproof(m, contents[:k], known=known), mth(contents[k:])]
    return [*subproof(m - k, contents[k:], known=False), mth(contents[:k])]


class Kept:
    """What a growing tree keeps, in memory; it counts what is read."""

    def __init__(self, contents):
        self.nodes, self.edge, self.read_most = {}, merkle.Frontier(), 0
        for number, content in enumerate(contents):
            leaf = merkle.leaf_hash(content)
            self.nodes[0, number] = leaf
            self.nodes.update(self.edge.append(leaf))

    def __call__(self, names):
        names = list(names)
        self.read_most = max(self.read_most, len(names))
        return {name: self.nodes[name] for name in names}


def hexed(hashes):
    return [one.hex() for one in hashes]


@pytest.mark.parametrize("size", range(1, 9))
def test_the_roots_are_those_of_the_reference_vectors(size):
    kept = Kept(LEAVES[:size])
    assert kept.edge.root().hex() == merkle.root(size, Kept(LEAVES)).hex() == ROOTS[size - 1]
    assert mth(LEAVES[:size]).hex() == ROOTS[size - 1]


def test_the_root_of_no_leaves_is_the_hash_of_nothing():
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle.Frontier().root().hex() == merkle.root(0, Kept([])).hex() == mth([]).hex() == empty


@pytest.mark.parametrize(("number", "size"), PATHS)
def test_the_inclusion_proofs_are_those_of_the_reference_vectors(number, size):
    assert hexed(merkle.inclusion(number, size, Kept(LEAVES))) == PATHS[number, size]


@pytest.mark.parametrize(("first", "second"), STEPS)
def test_the_consistency_proofs_are_those_of_the_reference_vectors(first, second):
    assert hexed(merkle.consistency(first, second, Kept(LEAVES))) == STEPS[first, second]


contents_of_trees = st.lists(st.binary(max_size=4), min_size=1, max_size=70)


@given(contents_of_trees, st.data())
def test_roots_and_proofs_are_those_that_the_rfc_defines_and_they_hold(contents, data):
    kept, size = Kept(contents), data.draw(st.integers(1, len(contents)))
    number, first = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    whole = mth(contents[:size])
    assert merkle.root(size, kept) == whole
    shown = merkle.inclusion(number, size, kept)
    assert shown == path(number, contents[:size])
    assert merkle.verify_inclusion(merkle.leaf_hash(contents[number]), number, size, shown, whole)
    steps = merkle.consistency(first, size, kept)
    assert steps == subproof(first, contents[:size], known=True)
    assert merkle.verify_consistency(first, size, steps, mth(contents[:first]), whole)


@given(st.integers(1, 70), st.data())
def test_no_other_leaf_number_size_root_or_path_is_taken_for_proved(size, data):
    contents = [bytes([number]) for number in range(size)]
    kept, number = Kept(contents), data.draw(st.integers(0, size - 1))
    proof, whole, leaf = merkle.inclusion(number, size, kept), mth(contents), merkle.leaf_hash(contents[number])
    assert not merkle.verify_inclusion(merkle.leaf_hash(b"other"), number, size, proof, whole)
    assert not merkle.verify_inclusion(leaf, number, size, proof, mth([*contents, b"more"]))
    assert not merkle.verify_inclusion(leaf, number, size, [*proof, whole], whole)
    assert not merkle.verify_inclusion(leaf, size, size, proof, whole)
    assert not merkle.verify_inclusion(leaf, -1, size, proof, whole)
    if proof:
        assert not merkle.verify_inclusion(leaf, number, size, proof[:-1], whole)
        place = data.draw(st.integers(0, len(proof) - 1))
        wrong = [*proof[:place], merkle.leaf_hash(b"wrong"), *proof[place + 1 :]]
        assert not merkle.verify_inclusion(leaf, number, size, wrong, whole)
        other = data.draw(st.integers(0, size - 1).filter(lambda one: one != number))
        assert not merkle.verify_inclusion(leaf, other, size, proof, whole)


@given(st.integers(2, 70), st.data())
def test_a_tree_whose_beginning_was_changed_is_not_proved_consistent(size, data):
    first = data.draw(st.integers(1, size - 1))
    contents = [bytes([number]) for number in range(size)]
    changed = list(contents)
    changed[data.draw(st.integers(0, first - 1))] = b"changed"
    old, new = mth(contents[:first]), mth(changed)
    for proof in (merkle.consistency(first, size, Kept(contents)), merkle.consistency(first, size, Kept(changed))):
        assert not merkle.verify_consistency(first, size, proof, old, new)
    honest = merkle.consistency(first, size, Kept(contents))
    assert not merkle.verify_consistency(first, size, [*honest, old], old, mth(contents))
    assert not merkle.verify_consistency(first, size, honest[:-1], old, mth(contents))
    assert not merkle.verify_consistency(first, first, honest, old, old)
    assert not merkle.verify_consistency(0, size, honest, old, mth(contents))


@pytest.mark.parametrize(("number", "size"), [(0, 0), (3, 3), (-1, 3)])
def test_a_leaf_that_is_not_in_the_tree_has_no_proof(number, size):
    with pytest.raises(ValueError):
        merkle.inclusion(number, size, Kept(LEAVES))


@pytest.mark.parametrize(("first", "second"), [(0, 3), (4, 3), (-1, 3)])
def test_sizes_that_do_not_follow_each_other_have_no_proof(first, second):
    with pytest.raises(ValueError):
        merkle.consistency(first, second, Kept(LEAVES))


def test_one_leaf_more_changes_no_node_and_costs_at_most_two_hashes_a_leaf():
    small, large = Kept([b"x"] * 700), Kept([b"x"] * 701)
    assert {name: large.nodes[name] for name in small.nodes} == small.nodes
    assert len(large.nodes) < 2 * 701


@pytest.mark.parametrize("size", [1023, 1024, 1025, 1500])
def test_proofs_read_a_number_of_nodes_that_grows_with_the_logarithm(size):
    contents = [number.to_bytes(2) for number in range(size)]
    kept, whole = Kept(contents), Kept(contents).edge.root()
    for number in range(0, size, 37):
        proof = merkle.inclusion(number, size, kept)
        assert merkle.verify_inclusion(merkle.leaf_hash(contents[number]), number, size, proof, whole)
        merkle.consistency(number + 1, size, kept)
    assert kept.read_most <= 2 * size.bit_length()


def test_a_tree_goes_on_from_what_it_kept():
    kept = Kept(LEAVES[:5])
    edge = merkle.frontier(5, kept)
    for content in LEAVES[5:]:
        edge.append(merkle.leaf_hash(content))
    assert edge.root().hex() == ROOTS[-1]
