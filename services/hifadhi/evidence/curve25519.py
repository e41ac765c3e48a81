"""Which bytes are sound points: of Edwards25519 (RFC 8032) and of Curve25519 (RFC 7748).

1. The encoding is the only one of its point: one key under two thumbprints.
2. The point is on its curve.
3. Its order is not small: a key under which anybody can sign, or a secret that everybody can compute.
"""

from typing import Final

_P: Final = 2**255 - 19
_D: Final = -121665 * pow(121666, -1, _P) % _P
# The u whose multiples by eight are all zero, on the curve and on its twist (RFC 7748 §6.1; a test computes them).
_SMALL_ORDER_U: Final = frozenset(
    {
        0,
        1,
        _P - 1,
        325606250916557431795983626356110631294008115727848805560023387167927233504,
        39382357235489614581723060781553021112529911719440698176882885853963445705823,
    }
)


def is_sound_ed25519(encoded: bytes) -> bool:
    """Whether RFC 8032 §5.1.3 decodes these 32 bytes as no others, to a point whose order is not small."""
    y = int.from_bytes(encoded, "little") & (2**255 - 1)
    if y >= _P or _is_small_order(y):  # rules 1 and 3
        return False
    x_squared = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    return pow(x_squared, (_P - 1) // 2, _P) == 1  # rule 2


def is_sound_x25519(encoded: bytes) -> bool:
    """Whether these 32 bytes are a reduced u (rule 1) of no small order (rule 3). Curve or twist, both are safe."""
    u = int.from_bytes(encoded, "little")
    return u < _P and u not in _SMALL_ORDER_U


def _is_small_order(y: int) -> bool:
    """Whether eight times the point is neutral: y is 0, 1 or -1, or the double has y = 0 (then x^2 = -y^2)."""
    return y in {0, 1, _P - 1} or (_D * y**4 + 2 * y * y - 1) % _P == 0
