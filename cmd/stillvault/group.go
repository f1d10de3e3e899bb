package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

func (a *app) groupCommand() *cobra.Command {
	return group(groupManage, "group", "Name sets of approvers",
		`A group is a set of approvers and other groups that policies may name. Policies
bind its id: a group that is deleted and made again under the same name is
another one.`,
		a.groupSetCommand(), a.groupListCommand(), a.groupDeleteCommand())
}

func (a *app) groupSetCommand() *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use:   "set NAME [MEMBER…]",
		Short: "Create a group, or replace its members",
		Long: `Create a group or replace all its members. A member is an approver's name, or a
group's. Without members, the group is empty. First it is shown what that does to
the secrets of the policies that name it, and who would have to re-share.`,
		Example: `  stillvault group set sre alice bob
  stillvault group set oncall group:sre carol`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			names, left := withoutMarked(distinct(args[1:]))
			a.sayLeftOut("group "+args[0], left)
			var before counting
			var body roster.Group
			r, err := a.signPreviewed(cmd.Context(), force, func(r *roster.Roster) (*entry, error) {
				members, err := principals(r, names)
				if err != nil {
					return nil, err
				}
				body = roster.Group{ID: envelope.NewID(), Name: args[0], Members: members}
				known, err := r.GroupNamed(args[0])
				if err == nil {
					body.ID = known.ID
				} else if !errors.Is(err, roster.ErrUnknown) {
					return nil, err
				}
				before = countingOf(r, body.ID) // signing changes the roster that it is given
				return &entry{Kind: roster.KindGroupSet, Body: body}, nil
			})
			if err != nil {
				return err
			}
			a.Say("set group %s at statement %d", args[0], r.Head().Seq)
			for _, line := range countedNow(before, r, &body) {
				a.Say("%s", line)
			}
			a.warnUnmeetable(r)
			a.reshareWaits(cmd.Context())
			return nil
		},
	}
	forceFlag(c, &force)
	return c
}

func (a *app) groupListCommand() *cobra.Command {
	type view struct {
		Name    string   `json:"name"`
		ID      string   `json:"id"`
		Members []string `json:"members"`
	}
	return &cobra.Command{
		Use:     "list",
		Short:   "List the groups",
		Example: "  stillvault group list",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := a.roster(cmd.Context())
			if err != nil {
				return err
			}
			views := []view{}
			for _, g := range r.Groups() {
				views = append(views, view{g.Name, g.ID.String(), principalNames(r, g.Members)})
			}
			return a.Print(views, func(rows *terminal.Rows) {
				rows.Row("NAME", "MEMBERS")
				for _, v := range views {
					rows.Row(v.Name, strings.Join(v.Members, ", "))
				}
			})
		},
	}
}

func (a *app) groupDeleteCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "delete NAME",
		Short:             "Delete a group that no policy and no group names",
		Example:           "  stillvault group delete sre",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeNames(groupNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := a.sign(cmd.Context(), func(r *roster.Roster) ([]entry, error) {
				g, err := r.GroupNamed(args[0])
				if err != nil {
					return nil, err
				}
				return []entry{{Kind: roster.KindGroupDelete, Body: roster.Removal{ID: g.ID}}}, nil
			})
			if err != nil {
				return err
			}
			a.Say("deleted group %s at statement %d", args[0], r.Head().Seq)
			return nil
		},
	}
}
