package main

import (
	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/core/roster"
)

func (a *app) consumerRenameCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "rename NAME NEW",
		Short: "Give a consumer another name",
		Long: `Give a consumer another name. It is the same consumer: policies name it still, and
what it wrote stays. The file of its key keeps the name that it has where it is.`,
		Example:           "  stillvault consumer rename web-1 web-2",
		Args:              cobra.ExactArgs(2),
		ValidArgsFunction: a.completeNames(consumerNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := a.sign(cmd.Context(), func(r *roster.Roster) ([]entry, error) {
				c, err := r.ConsumerNamed(args[0])
				if err != nil || c.Name == args[1] {
					return nil, err
				}
				return []entry{{Kind: roster.KindConsumerSet, Body: roster.ConsumerSet{ID: c.ID, Name: args[1]}}}, nil
			})
			if err != nil {
				return err
			}
			a.Say("consumer %s is called %s as of statement %d", args[0], args[1], r.Head().Seq)
			return nil
		},
	}
}
