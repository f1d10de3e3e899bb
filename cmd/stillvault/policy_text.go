package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/policytext"
)

// ErrPolicyText means that a policy is written in a way that is not understood.
var ErrPolicyText = errors.New("policy_text_invalid")

// policyText is a policy as people write it: by names, with durations as text.
type policyText struct {
	Path            string            `json:"path"`
	Require         []requirementText `json:"require"`
	BreakGlass      *requirementText  `json:"break_glass"`
	Authors         []string          `json:"authors"`
	Consumers       []string          `json:"consumers"`
	RefusedFactors  []string          `json:"refused_factors"`
	LeaseTTL        string            `json:"lease_ttl"`
	LeaseMax        string            `json:"lease_max"`
	RequestTTL      string            `json:"request_ttl"`
	SelfApproval    bool              `json:"self_approval"`
	MinimumCoverage uint32            `json:"minimum_coverage"`
	MatchCode       bool              `json:"match_code"`
	ConsentFirst    bool              `json:"consent_first"`
}

type requirementText struct {
	Name string   `json:"name"`
	M    uint32   `json:"m"`
	Of   []string `json:"of"`
}

// String writes a requirement as "dba: 1 of alice, bob".
func (q requirementText) String() string {
	return fmt.Sprintf("%s: %d of %s", q.Name, q.M, strings.Join(q.Of, ", "))
}

func (t policyText) requirementsText() string {
	var all []string
	for _, q := range t.Require {
		all = append(all, q.String())
	}
	if t.BreakGlass != nil {
		all = append(all, "break-glass "+t.BreakGlass.String())
	}
	return strings.Join(all, "; ")
}

func defaultPolicyText() policyText {
	return policyText{
		LeaseTTL: roster.DefaultLeaseTTL.String(), LeaseMax: roster.DefaultLeaseMax.String(),
		RequestTTL: roster.DefaultRequestTTL.String(), MinimumCoverage: roster.DefaultMinimumCoverage,
	}
}

// readPolicyText reads one policy in JSON; what it does not know it refuses.
func readPolicyText(data []byte) (policyText, error) {
	t := defaultPolicyText()
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&t); err != nil {
		return t, fmt.Errorf("%w: %w", ErrPolicyText, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return t, fmt.Errorf("%w: something follows the policy", ErrPolicyText)
	}
	return t, nil
}

var requirementForm = regexp.MustCompile(`^\s*(?:([^=\s]+)\s*=\s*)?(\d+)\s+of\s+(.+?)\s*$`)

// readRequirement reads "dba=1 of alice,bob,group:sre". Without a name, a
// requirement of one group or person is called like that: "2 of sre".
func readRequirement(flag, text string) (requirementText, error) {
	m := requirementForm.FindStringSubmatch(text)
	if m == nil {
		return requirementText{}, fmt.Errorf("--%s %q: %w: write it as \"2 of sre\" or \"dba=1 of alice,bob,group:sre\"", flag, text, ErrPolicyText)
	}
	n, err := strconv.ParseUint(m[2], 10, 32)
	if err != nil {
		return requirementText{}, fmt.Errorf("--%s %q: %w: %s is not a number of people", flag, text, ErrPolicyText, m[2])
	}
	q := requirementText{Name: m[1], M: uint32(n)}
	for name := range strings.SplitSeq(m[3], ",") {
		q.Of = append(q.Of, strings.TrimSpace(name))
	}
	if q.Name == "" {
		if len(q.Of) != 1 {
			return requirementText{}, fmt.Errorf("--%s %q: %w: several need a name of their own, which approvers are shown: \"NAME=%s of %s\"", flag, text, ErrPolicyText, m[2], m[3])
		}
		q.Name = strings.TrimPrefix(strings.TrimPrefix(q.Of[0], groupPrefix), approverPrefix)
	}
	return q, nil
}

func (q requirementText) bind(r *roster.Roster) (*roster.Requirement, error) {
	all, err := principals(r, distinct(q.Of))
	if err != nil {
		return nil, fmt.Errorf("requirement %q: %w", q.Name, err)
	}
	return &roster.Requirement{Name: q.Name, Principals: all, M: q.M}, nil
}

// leaveOut takes those out whom 'policy list' marks as revoked, and returns their
// names, so that a policy that was listed can be set again.
func (t *policyText) leaveOut() (left []string) {
	lists := []*[]string{&t.Authors, &t.Consumers}
	for i := range t.Require {
		lists = append(lists, &t.Require[i].Of)
	}
	if t.BreakGlass != nil {
		lists = append(lists, &t.BreakGlass.Of)
	}
	for _, names := range lists {
		kept, out := withoutMarked(*names)
		*names, left = kept, append(left, out...)
	}
	return left
}

func writeRequirement(r *roster.Roster, q roster.Requirement) requirementText {
	return requirementText{q.Name, q.M, principalNames(r, q.Principals)}
}

// bind turns a policy's names into the ids that it binds. A policy of the same
// name keeps its id, and is replaced.
func (t policyText) bind(r *roster.Roster, name string) (*roster.Policy, error) {
	p := &roster.Policy{
		ID: envelope.NewID(), Name: name, Pattern: t.Path, SelfApproval: t.SelfApproval,
		MinimumCoverage: t.MinimumCoverage, MatchCode: t.MatchCode, ConsentFirst: t.ConsentFirst,
		RefusedFactors: []keyring.FactorKind{},
	}
	known, err := r.PolicyNamed(name)
	if err == nil {
		p.ID = known.ID
	} else if !errors.Is(err, roster.ErrUnknown) {
		return nil, err
	}
	for _, text := range t.Require {
		q, err := text.bind(r)
		if err != nil {
			return nil, err
		}
		p.Requirements = append(p.Requirements, *q)
	}
	if t.BreakGlass != nil {
		if p.BreakGlass, err = t.BreakGlass.bind(r); err != nil {
			return nil, err
		}
	}
	if p.Authors, err = consumerIDs(r, distinct(t.Authors)); err != nil {
		return nil, fmt.Errorf("author: %w", err)
	}
	if p.Consumers, err = consumerIDs(r, distinct(t.Consumers)); err != nil {
		return nil, fmt.Errorf("consumer: %w", err)
	}
	for _, f := range distinct(t.RefusedFactors) {
		p.RefusedFactors = append(p.RefusedFactors, keyring.FactorKind(f))
	}
	return p, t.bindTimes(p)
}

func (t policyText) bindTimes(p *roster.Policy) error {
	for _, d := range []struct {
		name, text string
		to         *uint32
	}{{"lease ttl", t.LeaseTTL, &p.LeaseTTL}, {"lease maximum", t.LeaseMax, &p.LeaseMax}, {"request ttl", t.RequestTTL, &p.RequestTTL}} {
		var err error
		if *d.to, err = policytext.Seconds(d.text); err != nil {
			return fmt.Errorf("%s: %w: %w", d.name, ErrPolicyText, err)
		}
	}
	return nil
}

// writePolicy turns a policy's ids back into names.
func writePolicy(r *roster.Roster, p *roster.Policy) policyText {
	seconds := func(n uint32) string { return (time.Duration(n) * time.Second).String() }
	t := policyText{
		Path: p.Pattern, Require: []requirementText{}, Authors: namesOfConsumers(r, p.Authors), Consumers: namesOfConsumers(r, p.Consumers),
		RefusedFactors: factorTexts(p.RefusedFactors), LeaseTTL: seconds(p.LeaseTTL), LeaseMax: seconds(p.LeaseMax),
		RequestTTL: seconds(p.RequestTTL), SelfApproval: p.SelfApproval, MinimumCoverage: p.MinimumCoverage,
		MatchCode: p.MatchCode, ConsentFirst: p.ConsentFirst,
	}
	for _, q := range p.Requirements {
		t.Require = append(t.Require, writeRequirement(r, q))
	}
	if p.BreakGlass != nil {
		q := writeRequirement(r, *p.BreakGlass)
		t.BreakGlass = &q
	}
	return t
}
