package backend

import (
	"context"
	"slices"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/vault-backend/exchange"
)

// maxNamed is how many paths status names of each kind.
const maxNamed = 100

func (b *broker) pathStatus() *framework.Path {
	return &framework.Path{
		Pattern:      "status",
		DisplayAttrs: display("status"),
		Operations: operations{
			logical.ReadOperation: &framework.PathOperation{
				Callback: b.readStatus, Summary: "Read how the mount stands.",
				Responses: answers("The mount's state.", fields{
					"version":          required(framework.TypeString, "Version of the plug-in."),
					"organisation":     required(framework.TypeString, "The pinned organisation's id, empty before it is pinned."),
					"head_seq":         required(framework.TypeInt64, "Number of the last statement of the organisation's log, -1 without one."),
					"head_hash":        required(framework.TypeString, "Hash of that statement."),
					"head_expires":     required(framework.TypeString, "When the last checkpoint expires, empty without one."),
					"secrets":          required(framework.TypeInt, "How many secrets are stored."),
					"pending_requests": required(framework.TypeInt, "How many requests wait."),
					"prompts":          required(framework.TypeInt64, "How many requests were put to approvers since the plug-in started."),
					"waiting_readers":  required(framework.TypeInt, "How many calls wait."),
					"drain":            required(framework.TypeBool, "Whether the mount is draining."),
					"uncovered":        required(framework.TypeStringSlice, "Secrets that losing too few people would lose, the first 100."),
					"stale":            required(framework.TypeStringSlice, "Secrets sealed to others than the policy names now, the first 100."),
					"exposed":          required(framework.TypeStringSlice, "Secrets of which somebody outside the policy holds a share, the first 100."),
					"disbelieved":      required(framework.TypeStringSlice, "Secrets whose author's key was compromised, which every reader refuses, the first 100."),
					"problems":         required(framework.TypeStringSlice, "What somebody should look at, in words."),
				}),
			},
		},
		HelpSynopsis:    "How the mount stands: log, coverage, requests, problems.",
		HelpDescription: "The first read after a start goes through every secret's metadata.",
	}
}

func (b *broker) readStatus(ctx context.Context, _ *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	c, err := b.config(ctx)
	if err != nil {
		return nil, err
	}
	data := map[string]any{
		"version": Version, "organisation": idText(c.Organisation), "head_seq": int64(-1), "head_hash": "", "head_expires": "",
		"secrets": 0, "drain": b.draining.Load(), "uncovered": []string{}, "stale": []string{}, "exposed": []string{},
		"disbelieved": []string{},
	}
	b.addStats(data)
	// Read before the roster is locked: the first time it takes a while.
	if err := b.index.load(ctx, b); err != nil {
		return nil, err
	}
	problems := []string{}
	err = b.withRoster(ctx, func(r *roster.Roster) error {
		data["head_seq"], data["head_hash"] = int64(r.Head().Seq), r.Head().Hash.String()
		data["head_expires"] = shownTime(r.Expires())
		problems = b.rosterProblems(ctx, r)
		b.addSecrets(r, data)
		return nil
	})
	if isUnready(err) {
		problems, err = append(problems, err.Error()), nil
	}
	if err != nil {
		return nil, err
	}
	for _, kind := range []struct{ field, problem string }{
		{"uncovered", "some secrets would be lost with too few people: admit more approvers and write them again"},
		{"stale", "some secrets are sealed to others than their policy names now: write them again"},
		{"exposed", "of some secrets somebody outside the policy holds a share: change the credentials and write them again"},
		{"disbelieved", "some secrets were written with a key that is compromised, and every reader refuses them: write them again from an allowed author"},
	} {
		if len(data[kind.field].([]string)) > 0 {
			problems = append(problems, kind.problem)
		}
	}
	data["problems"] = problems
	return &logical.Response{Data: data}, nil
}

// addStats adds what the exchange counts.
func (b *broker) addStats(data map[string]any) {
	var s exchange.Stats
	b.ifRouted(func(x *exchange.Exchange) { s = x.Stats() })
	data["pending_requests"], data["prompts"], data["waiting_readers"] = s.Pending, s.Prompts, s.WaitingReaders
}

// rosterProblems says what of the organisation keeps the mount from working.
func (b *broker) rosterProblems(ctx context.Context, r *roster.Roster) []string {
	problems := []string{}
	if err := r.Fresh(b.now()); err != nil {
		problems = append(problems, wording(err, roster.ErrExpired, ""))
	}
	if me, err := b.self(ctx); err != nil {
		problems = append(problems, "the mount's identity cannot be read: see Vault's log")
	} else if _, err := me.consumer(r); err != nil {
		problems = append(problems, err.Error())
	}
	return problems
}

// addSecrets adds how the secrets stand under today's roster.
func (b *broker) addSecrets(r *roster.Roster, data map[string]any) {
	count := 0
	var uncovered, stale, exposed, disbelieved []string
	b.index.each(func(path string, known *stock) {
		count++
		v := &known.current
		if v.Destroyed || v.Deleted != 0 {
			return
		}
		s := v.standing(r, path)
		if !s.Covered {
			uncovered = append(uncovered, path)
		}
		if s.Stale {
			stale = append(stale, path)
		}
		if s.Exposed {
			exposed = append(exposed, path)
		}
		if s.Disbelieved {
			disbelieved = append(disbelieved, path)
		}
	})
	data["secrets"] = count
	data["uncovered"], data["stale"], data["exposed"] = firstNamed(uncovered), firstNamed(stale), firstNamed(exposed)
	data["disbelieved"] = firstNamed(disbelieved)
}

// firstNamed returns the first paths in order.
func firstNamed(paths []string) []string {
	slices.Sort(paths)
	return append([]string{}, paths[:min(len(paths), maxNamed)]...)
}
