package main

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// sampled is how far apart the leaves are whose audit paths are made and followed besides the first 300 and the last.
const sampled = 997

// verifyLedger: the checkpoint is signed, every tile leads to its root, every leaf hashes to its tile, leaves have
// audit paths, and the tree begins with that of each older checkpoint.
func verifyLedger(rootPath, folder string, older []string) (string, error) {
	root, known, err := readRoot(rootPath)
	if err != nil {
		return "", err
	}
	raw, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return "", err
	}
	tree, err := openCheckpoint(raw, root.Origin, known)
	if err != nil {
		return "", err
	}
	read := &files{folder: folder, verified: map[tlog.Tile]bool{}}
	hashes := tlog.TileHashReader(tree, read)
	if err := checkTiles(tree, hashes, read); err != nil {
		return "", err
	}
	for _, path := range older {
		if err := checkOlder(path, root.Origin, known, tree, hashes); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%d leaves, %d tiles, %d older checkpoints", tree.N, len(read.verified), len(older)), nil
}

func checkTiles(tree tlog.Tree, hashes tlog.HashReader, read *files) error {
	indexes := make([]int64, tree.N)
	for i := range indexes {
		indexes[i] = tlog.StoredHashIndex(0, int64(i))
	}
	leaves, err := hashes.ReadHashes(indexes)
	if err != nil {
		return fmt.Errorf("tiles: %w", err)
	}
	for _, tile := range tlog.NewTiles(height, 0, tree.N) {
		if !read.verified[tile] {
			return fmt.Errorf("tiles: the tree does not vouch for %s", pathOf(tile))
		}
		if tile.L == 0 {
			if err := checkBundle(tile, leaves, read); err != nil {
				return err
			}
		}
	}
	return checkPaths(tree, leaves, hashes)
}

func checkBundle(tile tlog.Tile, leaves []tlog.Hash, read *files) error {
	first := tile.N * width
	tile.L = -1
	entries, err := read.entries(tile)
	if err != nil {
		return err
	}
	for i, entry := range entries {
		if tlog.RecordHash(entry) != leaves[first+int64(i)] {
			return fmt.Errorf("leaf %d: is not the one that was sealed", first+int64(i))
		}
	}
	return nil
}

func checkPaths(tree tlog.Tree, leaves []tlog.Hash, hashes tlog.HashReader) error {
	for index := int64(0); index < tree.N; index++ {
		if index >= 300 && index%sampled != 0 && index != tree.N-1 {
			continue
		}
		path, err := tlog.ProveRecord(tree.N, index, hashes)
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(path, tree.N, tree.Hash, index, leaves[index]); err != nil {
			return fmt.Errorf("leaf %d: %w", index, err)
		}
	}
	return nil
}

func checkOlder(path, origin string, known note.Verifiers, tree tlog.Tree, hashes tlog.HashReader) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	older, err := openCheckpoint(raw, origin, known)
	if err != nil {
		return fmt.Errorf("older %w", err)
	}
	if older.N > tree.N {
		return fmt.Errorf("the ledger was rolled back from %d leaves to %d", older.N, tree.N)
	}
	proof, err := tlog.ProveTree(tree.N, older.N, hashes)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(proof, tree.N, tree.Hash, older.N, older.Hash); err != nil {
		return fmt.Errorf("the tree of %d leaves does not begin with that of %d: %w", tree.N, older.N, err)
	}
	return nil
}
