package main

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

const proofHead = "c2sp.org/tlog-proof@v1\n"

// verifyProof: the leaf is in the tree of the checkpoint that the proof brings along, and that checkpoint is signed.
func verifyProof(rootPath, proofPath, leafPath string) (string, error) {
	root, known, err := readRoot(rootPath)
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(proofPath)
	if err != nil {
		return "", err
	}
	leaf, err := os.ReadFile(leafPath)
	if err != nil {
		return "", err
	}
	index, path, checkpoint, err := parseProof(string(text))
	if err != nil {
		return "", fmt.Errorf("proof: %w", err)
	}
	tree, err := openCheckpoint([]byte(checkpoint), root.Origin, known)
	if err != nil {
		return "", err
	}
	if index >= tree.N {
		return "", fmt.Errorf("proof: the tree has no leaf %d", index)
	}
	if err := tlog.CheckRecord(path, tree.N, tree.Hash, index, tlog.RecordHash(leaf)); err != nil {
		return "", fmt.Errorf("proof: %w", err)
	}
	return fmt.Sprintf("leaf %d of %d", index, tree.N), nil
}

// parseProof reads C2SP tlog-proof: the head, the index, hashes, an empty line, the checkpoint. We write no extra line.
func parseProof(text string) (int64, tlog.RecordProof, string, error) {
	head, checkpoint, found := strings.Cut(text, "\n\n")
	if !found || !strings.HasPrefix(head, proofHead+"index ") {
		return 0, nil, "", fmt.Errorf("does not begin as a tlog-proof does")
	}
	lines := strings.Split(strings.TrimPrefix(head, proofHead), "\n")
	index, err := parseNumber(strings.TrimPrefix(lines[0], "index "))
	if err != nil {
		return 0, nil, "", err
	}
	var path tlog.RecordProof
	for _, line := range lines[1:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return 0, nil, "", err
		}
		path = append(path, hash)
	}
	return index, path, checkpoint, nil
}
