package main

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// openCheckpoint gives the tree of a C2SP tlog-checkpoint that a key of root.json has signed under its origin.
func openCheckpoint(raw []byte, origin string, known note.Verifiers) (tlog.Tree, error) {
	opened, err := note.Open(raw, known)
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("checkpoint: %w", err)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return tlog.Tree{}, fmt.Errorf("checkpoint: must be origin, size and root")
	}
	if lines[0] != origin {
		return tlog.Tree{}, fmt.Errorf("checkpoint: of another origin")
	}
	size, err := parseNumber(lines[1])
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("checkpoint: size: %w", err)
	}
	if size == 0 {
		return tlog.Tree{}, fmt.Errorf("checkpoint: an empty ledger has nothing to verify")
	}
	hash, err := tlog.ParseHash(lines[2])
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("checkpoint: root: %w", err)
	}
	return tlog.Tree{N: size, Hash: hash}, nil
}

// parseNumber reads a decimal number in its one spelling.
func parseNumber(text string) (int64, error) {
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil || number < 0 || strconv.FormatInt(number, 10) != text {
		return 0, fmt.Errorf("%q is not a decimal number", text)
	}
	return number, nil
}
