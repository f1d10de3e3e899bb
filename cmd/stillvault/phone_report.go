package main

import (
	"fmt"
	"strings"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/plugins/phone"
)

// printReport prints every file where all is well. Otherwise it prints what
// somebody has to look at: the files whose contents differ, then each fault of the
// headers once, and how many files are right.
func (a *app) printReport(r phone.Report) error {
	return a.Print(r, func(rows *terminal.Rows) {
		rows.Row("FILE", "SHA-256", "RESULT")
		right := 0
		for _, f := range r.Files {
			switch {
			case len(f.Faults) > 0:
				rows.Row(fileName(f), shortHash(f), "DIFFERS: "+strings.Join(f.Faults, "; "))
			case r.Err() == nil:
				rows.Row(fileName(f), shortHash(f), "ok")
			default:
				right++
			}
		}
		for _, fault := range headerFaults(r.Files) {
			rows.Row(fault.where(), "-", "HEADERS: "+fault.text)
		}
		if right > 0 {
			rows.Row(fmt.Sprintf("%d of %d files", right, len(r.Files)), "-", "contents ok")
		}
		rows.Row("")
		rows.Row("address", r.URL)
		rows.Row("version", orNone(r.Version))
		if r.Wanted != "" && r.Wanted != r.Version {
			rows.Row("wanted", r.Wanted)
		}
		rows.Row("hash", orNone(r.Hash))
		if r.Hash != r.Want {
			rows.Row("wanted", r.Want)
		}
	})
}

func fileName(f phone.Checked) string {
	if f.Name == "" {
		return "(the page)"
	}
	return f.Name
}

func shortHash(f phone.Checked) string {
	if f.Hash == "" {
		return "-"
	}
	return f.Hash[:16] + "…"
}

// headerFault is one fault with the files that have it.
type headerFault struct {
	text   string
	files  []string
	served int // how many files have headers at all
}

// where names the files, or says how many they are.
func (f headerFault) where() string {
	const few = 3
	switch {
	case len(f.files) == 1:
		return f.files[0]
	case len(f.files) == f.served:
		return fmt.Sprintf("on all %d files", f.served)
	case len(f.files) <= few:
		return strings.Join(f.files, ", ")
	}
	return fmt.Sprintf("on %d of %d files", len(f.files), f.served)
}

// headerFaults gathers equal faults, in the order in which they are first found.
func headerFaults(files []phone.Checked) []headerFault {
	var all []headerFault
	known := map[string]int{}
	served := 0
	for _, f := range files {
		if f.Hash == "" {
			continue
		}
		served++
		for _, text := range f.Headers {
			i, is := known[text]
			if !is {
				i = len(all)
				known[text], all = i, append(all, headerFault{text: text})
			}
			all[i].files = append(all[i].files, fileName(f))
		}
	}
	for i := range all {
		all[i].served = served
	}
	return all
}
