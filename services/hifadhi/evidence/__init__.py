"""Can it be proven? Signatures, sealed parts, leaves, the tree and its proofs.

Pure: bytes in, verified value or error out.
"""
