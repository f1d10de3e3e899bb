package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/home"
)

// ErrLogFile means that the statements in an exported log do not follow each
// other.
var ErrLogFile = errors.New("log_file_incomplete: statements are missing in the log file, or not in their order; export it again with `stillvault org log export`")

// readLogFile reads an exported log, which foldFile verifies.
func readLogFile(name string) ([]envelope.Signed, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	statements, err := home.ReadLog(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return statements, nil
}

// foldFile returns [roster.Fold] for the log in a file. What stands there was
// signed already: where it does not fit together, signing again is no way out,
// and the error is [ErrLogFile].
func foldFile(name string) func(envelope.Hash, []envelope.Signed) (*roster.Roster, error) {
	return func(organisation envelope.Hash, statements []envelope.Signed) (*roster.Roster, error) {
		if len(statements) == 0 {
			return nil, fmt.Errorf("%s is empty: %w", name, ErrLogFile)
		}
		for i, s := range statements {
			st, err := envelope.Peek[roster.Statement](s, envelope.TypeStatement)
			if err == nil && st.Seq != uint64(i) {
				return nil, fmt.Errorf("%s: line %d has statement %d instead of %d: %w", name, i+1, st.Seq, i, ErrLogFile)
			}
		}
		r, err := roster.Fold(organisation, statements)
		switch {
		case errors.Is(err, roster.ErrSequence):
			return nil, fmt.Errorf("%s: %w", name, ErrLogFile)
		case err != nil:
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return r, nil
	}
}

// counted is a number of things, in words.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
