package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/home"
)

type completion = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective)

// completeNames completes the first argument from the log that is kept here; it
// asks no broker, so that a key press never waits for the network.
func (a *app) completeNames(names func(*roster.Roster) []string) completion {
	return func(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		h, err := a.home()
		if err != nil || len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		log, err := local(h)
		if err != nil || log.Roster == nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var fitting []string
		for _, name := range names(log.Roster) {
			if strings.HasPrefix(name, typed) {
				fitting = append(fitting, name)
			}
		}
		return fitting, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeFlag completes a flag from what is kept in the state directory.
func (a *app) completeFlag(c *cobra.Command, flag string, names func(*home.Home) ([]string, error)) {
	_ = c.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		h, err := a.home()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		kept, _ := names(h)
		return kept, cobra.ShellCompDirectiveNoFileComp
	})
}

func approverNames(r *roster.Roster) []string {
	return namesOf(r.Approvers(), func(a *roster.Approver) string { return a.Name })
}

func groupNames(r *roster.Roster) []string {
	return namesOf(r.Groups(), func(g *roster.Group) string { return g.Name })
}

func policyNames(r *roster.Roster) []string {
	return namesOf(r.Policies(), func(p *roster.Policy) string { return p.Name })
}

func consumerNames(r *roster.Roster) []string {
	return namesOf(r.Consumers(), func(c *roster.Consumer) string { return c.Name })
}

func namesOf[T any](all []*T, name func(*T) string) []string {
	names := []string{}
	for _, v := range all {
		names = append(names, name(v))
	}
	return names
}
