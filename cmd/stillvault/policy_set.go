package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/core/roster"
)

func (a *app) policySetCommand() *cobra.Command {
	t := defaultPolicyText()
	var requirements []string
	var breakGlass, from string
	var force bool
	c := &cobra.Command{
		Use:   "set NAME {--path PATTERN --require … | --file FILE}",
		Short: "Create a policy, or replace it",
		Long: `Sign a policy. One of the same name is replaced as a whole: what is not given
takes its default, not its former value. A policy that distinct people could not
meet is refused.

A requirement is NAME=M of PRINCIPAL,…: M distinct people of those, where a group
stands for its members and group:NAME says that a group is meant. With one
principal, the name may be left out. All requirements must be met, and a person
counts for one only: 'policy explain' says for which.

What is stored under it is re-shared by those who hold shares now; it is shown first
who they are, and what the change does to the secrets.

Break-glass is another way in, for the hour at which the others cannot be reached:
at least two people who have a recovery key. Using it needs a reason, every
approver is told, and the version is to be rotated.

Authors may write and consumers may receive; the mount is one of either where it
is named.`,
		Example: `  stillvault policy set databases --path 'prod/*' --require "dba=1 of alice,bob" --author vault --consumer vault
  stillvault policy set production --path 'prod/*' --require '2 of sre' --require '1 of security' \
      --break-glass '2 of directors' --author vault --consumer vault
  stillvault policy set signing --path keys/release --require "release=2 of carol,dave,erin" \
      --author ci --consumer ci --match-code
  stillvault policy set databases --file policy.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if from != "" {
				if t, err = readPolicyFile(from, cmd.InOrStdin()); err == nil {
					a.sayLeftOut("policy "+args[0], t.leaveOut())
				}
			} else {
				t.Require, t.BreakGlass, err = readRequirements(requirements, breakGlass)
			}
			if err != nil {
				return err
			}
			return a.setPolicy(cmd, args[0], t, force)
		},
	}
	f := c.Flags()
	f.StringVar(&from, "file", "", "read the policy from a JSON file, in the form of 'policy list --format json'; - is standard input")
	f.StringVar(&t.Path, "path", "", "pattern of the paths that the policy is for")
	f.StringArrayVar(&requirements, "require", nil, "\"M of GROUP\" or \"NAME=M of APPROVER,GROUP,…\"; may be repeated, and all must be met")
	f.StringVar(&breakGlass, "break-glass", "", "\"M of GROUP\" or \"NAME=M of …\": who may release without the others, loudly; M is at least 2")
	f.StringSliceVar(&t.Authors, "author", nil, "consumer that may write; may be repeated")
	f.StringSliceVar(&t.Consumers, "consumer", nil, "consumer that may receive; may be repeated")
	f.StringSliceVar(&t.RefusedFactors, "refuse-factor", nil, "exclude people whose keyring opens with this: passkey, password or software")
	f.StringVar(&t.LeaseTTL, "lease", t.LeaseTTL, "how long a release holds, from the approval")
	f.StringVar(&t.LeaseMax, "lease-max", t.LeaseMax, "the longest lease that a requester may ask for")
	f.StringVar(&t.RequestTTL, "request-ttl", t.RequestTTL, "how long a request may wait for its people")
	f.BoolVar(&t.SelfApproval, "self-approval", false, "let people approve what they asked for themselves")
	f.Uint32Var(&t.MinimumCoverage, "minimum-coverage", t.MinimumCoverage, "how many people each requirement may lose and still be met; one whose people all have a recovery factor may have fewer")
	f.BoolVar(&t.MatchCode, "match-code", false, "approvers must type the code that the requester sees")
	f.BoolVar(&t.ConsentFirst, "consent-first", false, "shares are released only after enough people consented")
	for _, name := range []string{"path", "require", "break-glass", "author", "consumer", "refuse-factor", "lease", "lease-max", "request-ttl", "self-approval", "minimum-coverage", "match-code", "consent-first"} {
		c.MarkFlagsMutuallyExclusive("file", name)
	}
	c.MarkFlagsOneRequired("file", "path")
	forceFlag(c, &force)
	_ = c.RegisterFlagCompletionFunc("refuse-factor", cobra.FixedCompletions([]string{"passkey", "password", "software"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func readPolicyFile(path string, in io.Reader) (policyText, error) {
	var data []byte
	var err error
	if path == "-" {
		data, err = io.ReadAll(in)
	} else {
		data, err = os.ReadFile(path)
	}
	if err != nil {
		return policyText{}, err
	}
	t, err := readPolicyText(data)
	if err != nil {
		return policyText{}, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

func readRequirements(texts []string, breakGlass string) (all []requirementText, emergency *requirementText, err error) {
	if len(texts) == 0 {
		return nil, nil, fmt.Errorf("%w: give at least one --require", ErrPolicyText)
	}
	for _, text := range texts {
		q, err := readRequirement("require", text)
		if err != nil {
			return nil, nil, err
		}
		all = append(all, q)
	}
	if breakGlass != "" {
		q, err := readRequirement("break-glass", breakGlass)
		if err != nil {
			return nil, nil, err
		}
		emergency = &q
	}
	return all, emergency, nil
}

func (a *app) setPolicy(cmd *cobra.Command, name string, t policyText, force bool) error {
	r, err := a.signPreviewed(cmd.Context(), force, func(r *roster.Roster) (*entry, error) {
		p, err := t.bind(r, name)
		if err != nil {
			return nil, err
		}
		return &entry{Kind: roster.KindPolicySet, Body: *p}, nil
	})
	if err != nil {
		return err
	}
	p, err := r.PolicyNamed(name)
	if err != nil {
		return err
	}
	a.Say("set policy %s for %s at statement %d", p.Name, p.Pattern, r.Head().Seq)
	if len(p.Authors) == 0 || len(p.Consumers) == 0 {
		a.Warn("without an --author nobody can write under this policy, without a --consumer nobody can read")
	}
	assigned, err := r.Assign(p)
	if err != nil {
		return err
	}
	if err := p.Covers(assigned); errors.Is(err, roster.ErrCoverage) {
		a.Warn("nothing can be written under this policy yet: %s", err)
	}
	a.reshareWaits(cmd.Context())
	return nil
}
