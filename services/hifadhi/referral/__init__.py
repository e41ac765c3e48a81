"""May it happen? Messages, cases, clocks, the directory and the rules. Pure: no I/O, no clock on the wall."""
