package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/home"
)

// statusView is how the broker's account of itself is printed, beside what this
// machine knows.
type statusView struct {
	*broker.Status
	Address  string   `json:"address"`
	Mount    string   `json:"mount"`
	Verified bool     `json:"log_verified"` // the broker's log extends what was seen here
	Policies []string `json:"policies_short_of_people"`
}

func (a *app) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "status",
		GroupID: groupRun,
		Short:   "Show how the broker is, and what needs somebody's attention",
		Long: `Show the broker's account of itself, and check its copy of the organisation's log
against what was seen here before. On a machine that has no organisation pinned,
nothing is checked, and it says so.`,
		Example: `  stillvault status
  stillvault status --format json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			h, err := a.home()
			if err != nil {
				return err
			}
			client, err := a.broker()
			if err != nil {
				return err
			}
			s, err := client.ReadStatus(cmd.Context())
			if err != nil {
				return err
			}
			v := statusView{Status: s, Address: client.Address(), Mount: client.Mount(), Policies: []string{}}
			failure := a.verifyStatus(cmd, h, client, &v)
			if err := a.Print(v, v.table); err != nil {
				return err
			}
			return failure
		},
	}
}

// verifyStatus checks the broker's log and says which policies lack people.
func (a *app) verifyStatus(cmd *cobra.Command, h *home.Home, client *broker.Client, v *statusView) error {
	if _, err := h.Pins(); err != nil {
		a.Warn("the log is not verified: %s", err)
		return nil
	}
	if v.HeadHash == "" {
		a.Warn("the broker has no log yet; run `stillvault org log push`")
		return nil
	}
	log, err := fetch(cmd.Context(), h, client)
	if err != nil {
		return err
	}
	v.Verified = true
	v.Problems = append(v.Problems, unlikeEntities(log.Roster)...)
	for _, p := range log.Roster.Policies() {
		assigned, err := log.Roster.Assign(p)
		if err == nil {
			err = p.Covers(assigned)
		}
		if err != nil {
			v.Policies = append(v.Policies, fmt.Sprintf("%s: %s", p.Name, err))
		}
	}
	return nil
}

func (v statusView) table(rows *terminal.Rows) {
	rows.Row("broker", fmt.Sprintf("%s at %s, %s", v.Mount, v.Address, v.Version))
	rows.Row("organisation", orNone(v.Organisation))
	log := "none"
	if v.HeadHash != "" {
		log = fmt.Sprintf("statement %d, %s, not verified", v.HeadSeq, v.HeadHash)
		if v.Verified {
			log = fmt.Sprintf("statement %d, %s, verified", v.HeadSeq, v.HeadHash)
		}
	}
	rows.Row("log", log)
	if v.HeadExpires != "" {
		rows.Row("checkpoint", "expires "+v.HeadExpires)
	}
	rows.Row("secrets", v.Secrets)
	rows.Row("requests", fmt.Sprintf("%d waiting, %d readers, %d prompts since start", v.PendingRequests, v.WaitingReaders, v.Prompts))
	if v.Drain {
		rows.Row("draining", "yes: waiting calls return at once; turn it off with drain=false on config")
	}
	v.attention(rows)
}

// attention are the rows that need somebody's.
func (v statusView) attention(rows *terminal.Rows) {
	if v.Alarms > 0 {
		rows.Row("ALARM", counted(v.Alarms, "use")+" of break-glass that nobody acknowledged: stillvault alarms list")
	}
	if v.Reports > 0 {
		rows.Row("reports", counted(v.Reports, "denial")+" by which somebody reported a request: stillvault reports list")
	}
	for _, policy := range slices.Sorted(maps.Keys(v.Resharing)) {
		what := "wait for their holders: stillvault reshare show " + policy
		if slices.Contains(v.Unasked, policy) {
			what = "wait, and nobody can be asked for them: see what is the problem"
		}
		rows.Row("re-sharing", fmt.Sprintf("%s: %s %s", policy, counted(v.Resharing[policy], "version"), what))
	}
	if v.Unproven > 0 {
		rows.Row("unproven", counted(v.Unproven, "version")+" re-shared, and not yet opened with enough of the new shares: those from before are kept")
	}
	for _, list := range []struct {
		name, why string
		paths     []string
		count     int
	}{
		{"lost", ": below its quorum, nobody can open it; have it written again", v.Lost, v.LostCount},
		{"rotate", ": opened by breaking the glass; change the secret and write it again", v.Rotate, v.RotateCount},
		{"suspected", ": a host says that somebody lied when they dealt; see stillvault reshare list", v.Suspected, 0},
		{"one device", ": losing one device would lose it", v.OneDevice, v.OneDeviceCount},
		{"uncovered", ": losing too few people would lose it", v.Uncovered, v.UncoveredCount},
		{"stale", ": its policy names others by now", v.Stale, v.StaleCount},
		{"exposed", ": somebody outside its policy had a share; change the secret and write it again", v.Exposed, v.ExposedCount},
		{"disbelieved", ": its author's key is compromised; have it written again", v.Disbelieved, v.DisbelievedCount},
	} {
		// A broker of an earlier version tells no count.
		switch count := max(list.count, len(list.paths)); {
		case count > 1:
			rows.Row(list.name, counted(count, "secret")+", "+examples(list.paths, count, statusExamples)+list.why)
		case count == 1:
			rows.Row(list.name, examples(list.paths, count, statusExamples)+list.why)
		}
	}
	few(rows, "problem", v.Problems)
	few(rows, "policy", v.Policies)
}

// few are rows of the first sentences, and one that says how many more there are.
func few(rows *terminal.Rows, name string, sentences []string) {
	shown := sentences[:min(len(sentences), statusExamples)]
	for _, sentence := range shown {
		rows.Row(name, sentence)
	}
	if more := len(sentences) - len(shown); more > 0 {
		rows.Row(name, fmt.Sprintf("and %d more: stillvault status --format json", more))
	}
}

func orNone(s string) string {
	if strings.TrimSpace(s) == "" {
		return "none"
	}
	return s
}
