package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"

	"golang.org/x/mod/sumdb/note"
)

// A root is root.json as far as a ledger is checked by it: its name, and the keys that sign its checkpoints.
type root struct {
	Origin string `json:"origin"`
	Hub    struct {
		Ledger []struct {
			Kty string `json:"kty"`
			Crv string `json:"crv"`
			X   string `json:"x"`
		} `json:"ledger"`
	} `json:"hub"`
}

func readRoot(path string) (*root, note.Verifiers, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	var read root
	if err := json.Unmarshal(raw, &read); err != nil {
		return nil, nil, fmt.Errorf("root.json: %w", err)
	}
	verifiers, err := read.verifiers()
	return &read, verifiers, err
}

// verifiers gives each Ed25519 key of the ledger under the origin's name (C2SP signed-note). A key of another kind may
// stand beside it; its signature is one more, of which package note knows nothing.
func (r *root) verifiers() (note.Verifiers, error) {
	var all []note.Verifier
	for _, key := range r.Hub.Ledger {
		if key.Kty == "AKP" {
			continue
		}
		raw, err := base64.RawURLEncoding.Strict().DecodeString(key.X)
		if err != nil || len(raw) != ed25519.PublicKeySize || key.Kty != "OKP" || key.Crv != "Ed25519" {
			return nil, fmt.Errorf("root.json: a ledger key is not Ed25519")
		}
		text, err := note.NewEd25519VerifierKey(r.Origin, raw)
		if err != nil {
			return nil, err
		}
		verifier, err := note.NewVerifier(text)
		if err != nil {
			return nil, err
		}
		all = append(all, verifier)
	}
	return note.VerifierList(all...), nil
}
