"""The registry: the one sequencer.

Role: rules every submission in order, seals the rulings, proves them.
Reads: submissions, record (its own, to recover).
Writes: record, directory, dead-letters, progress, submissions (ticks only).
Holds: case heads, clocks, leaves, the tree's right edge, tiles, the checkpoint.
Never: reads a part; lets a clock on the wall decide anything.
"""
