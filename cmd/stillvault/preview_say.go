package main

import (
	"fmt"
	"strings"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
)

// sayPreview says what a statement would do, a line for each policy and kind of harm.
// waiting are the paths that only wait for a re-share.
func (a *app) sayPreview(then *roster.Roster, p *broker.Preview, waiting []string) {
	for _, list := range []struct {
		what  string
		paths []string
	}{
		{"would be lost: nobody could open it any more", p.Lost},
		{"would be lost with the next person", p.Uncovered},
		{"would be lost with one device", p.OneDevice},
		{"could not be released by anybody until a policy covers it", p.Unruled},
		{"could not be received by anything: none of its policy's consumers would be in force", p.Deserted},
		{"would be refused by every reader until it is written again by another author", p.Disbelieved},
		{"would be exposed until it is written again", p.Exposed},
		{"was re-shared and not read since: if somebody lied when they dealt, nobody could go back to the shares from before; read it once first", p.Unproven},
	} {
		for _, line := range a.byPolicy(then, list.paths, list.what) {
			a.Warn("%s", line)
		}
	}
	for _, name := range p.Unmeetable {
		a.Warn("policy %s could not be met by the people who are left", name)
	}
	if p.Reshare > 0 {
		by := "nobody who is left can do it"
		if len(p.By) > 0 {
			by = "by " + strings.Join(dealers(p.By), ", ")
		}
		a.Say("%s under %s to be re-shared, %s", counted(p.Reshare, "version"), strings.Join(p.Policies, ", "), terminal.Visible(by))
	}
	if p.Pending > 0 {
		a.Say("%s wait for being re-shared already", counted(p.Pending, "version"))
	}
	for _, line := range a.byPolicy(then, waiting, "can be read again when it is re-shared") {
		a.Say("%s", line)
	}
}

// byPolicy says something of secrets, on a line for each policy with how many they are
// and a few of them; of one secret, with its name alone. As JSON, all are named.
func (a *app) byPolicy(r *roster.Roster, paths []string, what string) []string {
	most := previewExamples
	if a.Format == terminal.JSON {
		most = len(paths)
	}
	var order []string
	under := map[string][]string{}
	for _, path := range paths {
		of := "under no policy"
		if p, err := r.PolicyFor(path); err == nil {
			of = "under " + p.Name
		}
		if under[of] == nil {
			order = append(order, of)
		}
		under[of] = append(under[of], path)
	}
	lines := make([]string, len(order))
	for i, of := range order {
		some := under[of]
		if len(some) == 1 {
			lines[i] = fmt.Sprintf("%s %s", examples(some, 1, 1), what)
			continue
		}
		lines[i] = fmt.Sprintf("%s %s, each of which %s: %s", counted(len(some), "secret"), of, what, examples(some, len(some), most))
	}
	return lines
}
