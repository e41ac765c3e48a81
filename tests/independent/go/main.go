// Verify checks a ledger, and proofs out of one, with nothing of Hifadhi's: signatures, hashes, tiles and proofs are
// judged by golang.org/x/mod/sumdb/{note,tlog}, which were written for another log of the same formats.
//
//	verify ledger ROOT.json FOLDER [OLDER-CHECKPOINT ...]
//	verify proof ROOT.json FILE.tlog-proof LEAF
//
// It prints what it has verified and ends with 0; what does not hold it names, and ends with 1. A wrong call ends
// with 2.
package main

import (
	"fmt"
	"os"
)

func main() {
	said, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "REFUSED:", err)
		os.Exit(1)
	}
	fmt.Println("VERIFIED:", said)
}

func run(args []string) (string, error) {
	switch {
	case len(args) >= 3 && args[0] == "ledger":
		return verifyLedger(args[1], args[2], args[3:])
	case len(args) == 4 && args[0] == "proof":
		return verifyProof(args[1], args[2], args[3])
	}
	fmt.Fprintln(os.Stderr, "usage: verify ledger ROOT.json FOLDER [OLDER-CHECKPOINT ...]")
	fmt.Fprintln(os.Stderr, "       verify proof ROOT.json FILE.tlog-proof LEAF")
	os.Exit(2)
	return "", nil
}
