package backend

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/vault-backend/exchange"
	"github.com/stillvault/stillvault/vault-backend/reshare"
)

func (b *broker) pathStatus() *framework.Path {
	return &framework.Path{
		Pattern:      "status",
		DisplayAttrs: display("status"),
		Operations: operations{
			logical.ReadOperation: &framework.PathOperation{
				Callback: b.readStatus, Summary: "Read how the mount stands.",
				Responses: answers("The mount's state.", fields{
					"version":           required(framework.TypeString, "Version of the plug-in."),
					"organisation":      required(framework.TypeString, "The pinned organisation's id, empty before it is pinned."),
					"head_seq":          required(framework.TypeInt64, "Number of the last statement of the organisation's log, -1 without one."),
					"head_hash":         required(framework.TypeString, "Hash of that statement."),
					"head_expires":      required(framework.TypeString, "When the last checkpoint expires, empty without one."),
					"secrets":           required(framework.TypeInt, "How many secrets are stored."),
					"pending_requests":  required(framework.TypeInt, "How many requests wait."),
					"prompts":           required(framework.TypeInt64, "How many requests were put to approvers since the plug-in started."),
					"waiting_readers":   required(framework.TypeInt, "How many calls wait."),
					"drain":             required(framework.TypeBool, "Whether the mount is draining."),
					"lost":              required(framework.TypeStringSlice, "Secrets below their own quorum, which nobody can open or share anew; the first 100."),
					"lost_count":        required(framework.TypeInt, "How many these are."),
					"one_device":        required(framework.TypeStringSlice, "Secrets that losing one single device would lose, the first 100."),
					"one_device_count":  required(framework.TypeInt, "How many these are."),
					"uncovered":         required(framework.TypeStringSlice, "Secrets that losing too few people would lose, the first 100."),
					"uncovered_count":   required(framework.TypeInt, "How many these are."),
					"stale":             required(framework.TypeStringSlice, "Secrets shared among others than the policy names now, the first 100."),
					"stale_count":       required(framework.TypeInt, "How many these are."),
					"exposed":           required(framework.TypeStringSlice, "Secrets of which somebody outside the policy holds a share, the first 100."),
					"exposed_count":     required(framework.TypeInt, "How many these are."),
					"disbelieved":       required(framework.TypeStringSlice, "Secrets whose author's key was compromised, which every reader refuses, the first 100."),
					"disbelieved_count": required(framework.TypeInt, "How many these are."),
					"rotate":            required(framework.TypeStringSlice, "Secrets for which break-glass was used and that were not written again since, the first 100."),
					"rotate_count":      required(framework.TypeInt, "How many these are."),
					"resharing":         required(framework.TypeMap, "By policy, how many versions wait for being shared anew; reshares/ has more."),
					"unasked":           required(framework.TypeStringSlice, "Policies under which nobody can be asked for that; problems says why."),
					"unproven":          required(framework.TypeInt, "How many versions were shared anew and still keep the shares from before, until enough of the new ones have opened their version."),
					"suspected":         required(framework.TypeStringSlice, "Secrets of which somebody is said to have lied when they dealt; reshares/ says who. The first 100."),
					"alarms":            required(framework.TypeInt, "How many times the glass was broken that nobody has acknowledged yet; alarms/ has them."),
					"reports":           required(framework.TypeInt, "How many reports of approvers nobody has acknowledged yet; reports/ has them."),
					"problems":          required(framework.TypeStringSlice, "What somebody should look at, in words."),
				}),
			},
		},
		HelpSynopsis: "How the mount stands: log, coverage, requests, problems.",
		HelpDescription: `
lost, one_device, uncovered and stale look at every readable version of a secret:
an older version that nobody can open is a loss as well. Secrets whose latest
readable version is concerned are named first; metadata/ says which versions are.
exposed, disbelieved and rotate look at the latest readable version alone, for
writing the secret again with a changed credential is their cure.

The first read after a start goes through every secret's metadata.`,
	}
}

// countSuffix makes, of the name of a list that is cut off, the name of its length.
const countSuffix = "_count"

func (b *broker) readStatus(ctx context.Context, _ *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	c, err := b.config(ctx)
	if err != nil {
		return nil, err
	}
	data := map[string]any{
		"version": Version, "organisation": idText(c.Organisation), "head_seq": int64(-1), "head_hash": "", "head_expires": "",
		"secrets": 0, "drain": b.draining.Load(),
	}
	for _, kind := range statusKinds {
		data[kind.field], data[kind.field+countSuffix] = []string{}, 0
	}
	b.addStats(data)
	views, err := b.reshareViews(ctx)
	if err != nil {
		return nil, err
	}
	problems := addReshares(views, data)
	// Read before the roster is locked: the first time it takes a while.
	if err := b.index.load(ctx, b); err != nil {
		return nil, err
	}
	err = b.withRoster(ctx, func(r *roster.Roster) error {
		data["head_seq"], data["head_hash"] = int64(r.Head().Seq), r.Head().Hash.String()
		data["head_expires"] = shownTime(r.Expires())
		problems = append(b.rosterProblems(ctx, r), problems...)
		b.addSecrets(r, data)
		return nil
	})
	if isUnready(err) {
		problems, err = append(problems, err.Error()), nil
	}
	if err != nil {
		return nil, err
	}
	for _, kind := range statusKinds {
		if len(data[kind.field].([]string)) > 0 {
			problems = append(problems, kind.problem)
		}
	}
	data["problems"] = append(problems, suspicions(views)...)
	return &logical.Response{Data: data}, nil
}

// addReshares adds what is being shared anew, and returns in words what keeps it from
// being, but for a mount that is no consumer, of which status tells in any case.
func addReshares(views []reshare.View, data map[string]any) (problems []string) {
	resharing, unasked, unproven, suspected := map[string]any{}, []string{}, 0, []string{}
	for _, v := range views {
		unproven += v.Unproven
		if v.Waiting > 0 {
			resharing[v.Name] = v.Waiting
		}
		if v.Waiting > 0 && v.Cause != nil {
			unasked = append(unasked, v.Name)
			if !errors.Is(v.Cause, exchange.ErrMountNotAdmitted) {
				problems = append(problems, fmt.Sprintf("nothing can be shared anew under policy %s: %s", v.Name, v.Cause))
			}
		}
		for _, s := range v.Suspected {
			suspected = append(suspected, s.Path)
		}
	}
	slices.Sort(suspected)
	data["resharing"], data["unasked"] = resharing, unasked
	data["unproven"], data["suspected"] = unproven, firstOf(slices.Compact(suspected))
	return problems
}

// maxSuspicions is how many suspicions status puts into words.
const maxSuspicions = 10

// suspicions says who is said to have lied, and what to do about it.
func suspicions(views []reshare.View) []string {
	said := []string{}
	for _, v := range views {
		for _, s := range v.Suspected[:min(len(v.Suspected), maxSuspicions-len(said))] {
			what := fmt.Sprintf("version %d of %q was shared anew (epoch %d)", s.Place.Version, s.Path, s.Epoch)
			if s.ByHost {
				said = append(said, fmt.Sprintf("a host says that %s lied when %s: have others read it, which proves the shares; if nobody can, `stillvault reshare abandon %s` (delete reshares/%s) takes them back; a write to reshares/%s acknowledges it",
					s.Name, what, v.Name, v.Name, v.Name))
				continue
			}
			said = append(said, fmt.Sprintf("%s lied when %s, and the shares from before are no way back: write it again; a write to reshares/%s acknowledges this", s.Name, what, v.Name))
		}
	}
	return said
}

// addStats adds what the exchange counts.
func (b *broker) addStats(data map[string]any) {
	var s exchange.Stats
	b.ifRouted(func(x *exchange.Exchange) { s = x.Stats() })
	data["pending_requests"], data["prompts"], data["waiting_readers"] = s.Pending, s.Prompts, s.WaitingReaders
	data["alarms"], data["reports"] = s.Alarms, s.Reports
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
	all := newTally(r)
	b.index.each(all.count)
	data["secrets"] = all.secrets
	for field, named := range all.named {
		all := named.all()
		data[field], data[field+countSuffix] = firstOf(all), len(all)
	}
}
