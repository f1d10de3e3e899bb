package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/hashicorp/vault/api"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/host"
	"github.com/stillvault/stillvault/plugins/signer/file"
)

// providerBinary is what Terraform looks for.
const providerBinary = "terraform-provider-stillvault"

// measureProvider compares policies with as many of the resources that Terraform
// has built in, which are a value in the state and nothing else.
func measureProvider(ctx context.Context, e effort, p *progress) (tables []table, err error) {
	dir, err := os.MkdirTemp("", "stillvault-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b := &providerBench{dir: dir, effort: e, progress: p}
	if err := b.build(ctx); err != nil {
		return nil, err
	}
	for _, one := range []struct{ name, variable string }{{"terraform", "TERRAFORM_BIN"}, {"tofu", "TOFU_BIN"}} {
		program, err := findProgram(one.name, one.variable)
		if err != nil {
			p.say("not measured: %s", err)
			continue
		}
		t, err := b.measure(ctx, one.name, program)
		if err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	if len(tables) == 0 {
		return nil, errors.New("neither terraform nor tofu was found: install one, or name it in TERRAFORM_BIN or TOFU_BIN")
	}
	return tables, nil
}

// findProgram finds a program by its variable, in tools/bin, or on PATH.
func findProgram(name, variable string) (string, error) {
	if named := os.Getenv(variable); named != "" {
		return exec.LookPath(named)
	}
	built, err := filepath.Abs(filepath.Join(root, "tools/bin", name))
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(built); err == nil {
		return built, nil
	}
	return exec.LookPath(name)
}

// providerBench has what the rounds share.
type providerBench struct {
	dir      string
	engine   string // the engine's plug-in
	effort   effort
	progress *progress
	peak     int64 // of the provider's resident memory, in bytes
}

func (b *providerBench) build(ctx context.Context) (err error) {
	if b.engine, err = build(ctx, b.progress, b.dir, shipped); err != nil {
		return err
	}
	bin := filepath.Join(b.dir, "bin")
	if _, err := buildIn(ctx, b.progress, root, filepath.Join(bin, providerBinary), "./terraform-provider"); err != nil {
		return err
	}
	settings := fmt.Sprintf("provider_installation {\n  dev_overrides {\n    \"stillvault/stillvault\" = %q\n  }\n  direct {}\n}\n", bin)
	return os.WriteFile(filepath.Join(b.dir, "settings"), []byte(settings), 0o600)
}

// contest is what one program takes for each kind of stack.
type contest struct{ bare, data, policies stackFigures }

func (b *providerBench) measure(ctx context.Context, name, program string) (table, error) {
	b.peak = 0
	var c contest
	bare, err := b.builtIn(ctx, program, name+"-bare", bareStack(b.effort.managed))
	if err != nil {
		return table{}, err
	}
	data, err := b.builtIn(ctx, program, name+"-data", dataStack(b.effort.managed, []envelope.ID{envelope.NewID(), envelope.NewID(), envelope.NewID()}, envelope.NewID()))
	if err != nil {
		return table{}, err
	}
	for round := range b.effort.applies {
		each := []func() error{
			func() error { return b.round(ctx, bare, &c.bare) },
			func() error { return b.round(ctx, data, &c.data) },
			func() error { return b.policyRound(ctx, program, name, &c.policies, round) },
		}
		for i := range each {
			if err := each[(i+round)%len(each)](); err != nil {
				return table{}, err
			}
		}
		b.progress.say("%s: round %d of %d", name, round+1, b.effort.applies)
	}
	return b.table(name, &c), nil
}

// builtIn is a stack that needs no provider but the one that is built in.
func (b *providerBench) builtIn(ctx context.Context, program, name, configuration string) (*stack, error) {
	s, err := newStack(program, b.dir, name, configuration, "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1")
	if err == nil {
		_, err = s.run(ctx, func(int) {}, "init", "-input=false")
	}
	return s, err
}

// round adds the figures of a round.
func (b *providerBench) round(ctx context.Context, s *stack, to *stackFigures) error {
	apply, plan, err := s.round(ctx, b.watch)
	if err == nil {
		to.apply, to.plan = append(to.apply, apply), append(to.plan, plan)
	}
	return err
}

// policyRound is a round on a new broker.
func (b *providerBench) policyRound(ctx context.Context, program, name string, to *stackFigures, round int) (err error) {
	under := filepath.Join(b.dir, fmt.Sprintf("%s-%d", name, round))
	if err := os.Mkdir(under, 0o700); err != nil {
		return err
	}
	h, err := host.Start(ctx, host.Config{Plugin: b.engine, Tokens: []host.Token{{ID: "bench", Root: true}}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	key, consumer := filepath.Join(under, "org.key"), envelope.NewID()
	people, err := foundFor(ctx, h.Addr(), key, consumer)
	if err != nil {
		return err
	}
	s, err := newStack(program, under, "stack", policyStack(b.effort.managed, people, consumer),
		"CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_CLI_CONFIG_FILE="+filepath.Join(b.dir, "settings"),
		"VAULT_ADDR="+h.Addr(), "VAULT_TOKEN=bench", "STILLVAULT_SIGNER=file:"+key)
	if err != nil {
		return err
	}
	return b.round(ctx, s, to)
}

// foundFor founds an organisation of a few approvers and a consumer, whose key is
// kept in a file, and gives the broker its log. It returns the approvers' ids.
func foundFor(ctx context.Context, address, path string, consumer envelope.ID) (people []envelope.ID, err error) {
	key := file.New()
	defer key.Close()
	if err := key.Save(path, nil); err != nil {
		return nil, err
	}
	o, err := foundBy(key, approvers)
	if err != nil {
		return nil, err
	}
	err = o.state(roster.KindConsumerAdmit, roster.ConsumerAdmit{
		ID: consumer, Name: "web", Kind: roster.ConsumerHost, Signing: envelope.NewSigningKey(envelope.NewKey()).Public(),
	})
	if err != nil {
		return nil, err
	}
	client, err := api.NewClient(api.DefaultConfig())
	if err != nil {
		return nil, err
	}
	admin, err := broker.New(broker.Config{Client: client, Address: address, Token: "bench", Mount: ours})
	if err != nil {
		return nil, err
	}
	if err := admin.PinOrganisation(ctx, o.roster.Organisation()); err != nil {
		return nil, err
	}
	for _, p := range o.people {
		people = append(people, p.keyring.Approver())
	}
	return people, admin.AppendLog(ctx, o.log)
}

func (b *providerBench) table(name string, c *contest) table {
	n := b.effort.managed
	t := table{
		title:  fmt.Sprintf("%s, %d policies against %d terraform_data of the same values (s)", name, n, n),
		header: []string{"", "terraform_data", "policies", "policies take", "goal", ""},
	}
	for _, row := range []struct {
		what                 string
		bare, data, policies sample
		goal                 goal
	}{
		{"apply, from nothing", c.bare.apply, c.data.apply, c.policies.apply, atMost(1.5)},
		{"plan with nothing to do", c.bare.plan, c.data.plan, c.policies.plan, atMost(1.3)},
	} {
		ratio := row.policies.over(row.data)
		t.row(append([]string{row.what, row.data.show("%.2f"), row.policies.show("%.2f"), ratio.show("%.2f ×")}, row.goal.judge(ratio.median())...)...)
		t.row("  those with one short text each", row.bare.show("%.2f"), "", row.policies.over(row.bare).show("%.2f ×"), "", "")
	}
	t.note("A terraform_data is a value in the state and nothing else, which %s has built in; those of the same values have each what a policy", name)
	t.note("says. Policies are checked in a process of their own, signed, previewed and appended, over HTTP on a broker of their own. Terraform")
	t.note("writes the whole state again for every resource, and OpenTofu seldom: what is stored counts for the one, and calls for the other.")
	t.note("The provider's resident memory was %.0f MiB at most.", float64(b.peak)/(1<<20))
	return t
}

// watch keeps the most memory that the provider under a process had.
func (b *providerBench) watch(pid int) {
	for _, child := range children(pid) {
		if exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", child)); err == nil && filepath.Base(exe) == providerBinary {
			if peak, err := memoryOf(child, "VmHWM:"); err == nil {
				b.peak = max(b.peak, peak)
			}
		}
	}
}
