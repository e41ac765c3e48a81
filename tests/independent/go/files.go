package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	height = 8
	width  = 1 << height
)

// files reads the tiles of a ledger's folder, and keeps in mind which of them the tree has borne out.
type files struct {
	folder   string
	verified map[tlog.Tile]bool
}

// pathOf is Go's path in C2SP's spelling: without the height, and `entries` for `data`.
func pathOf(tile tlog.Tile) string {
	path := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", height))
	return filepath.FromSlash("tile/" + strings.Replace(path, "data/", "entries/", 1))
}

func (f *files) read(tile tlog.Tile) ([]byte, error) {
	return os.ReadFile(filepath.Join(f.folder, pathOf(tile)))
}

func (f *files) Height() int { return height }

func (f *files) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		raw, err := f.read(tile)
		if err != nil {
			return nil, err
		}
		data[i] = raw
	}
	return data, nil
}

func (f *files) SaveTiles(tiles []tlog.Tile, _ [][]byte) {
	for _, tile := range tiles {
		f.verified[tile] = true
	}
}

// entries gives the leaves of a bundle: each behind its length of 2 bytes, exactly as many as the bundle is wide.
func (f *files) entries(bundle tlog.Tile) ([][]byte, error) {
	rest, err := f.read(bundle)
	if err != nil {
		return nil, err
	}
	var entries [][]byte
	for len(rest) >= 2 {
		end := 2 + int(binary.BigEndian.Uint16(rest))
		if end > len(rest) {
			break
		}
		entries, rest = append(entries, rest[2:end]), rest[end:]
	}
	if len(rest) != 0 || len(entries) != bundle.W {
		return nil, fmt.Errorf("%s: does not hold exactly %d leaves", pathOf(bundle), bundle.W)
	}
	return entries, nil
}
