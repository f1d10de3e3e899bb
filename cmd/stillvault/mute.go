package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/home"
)

// ErrWhomToMute means that it was not said whom to mute.
var ErrWhomToMute = errors.New("mute_unclear: name one requester, by entity id or by the name that requests show, or one --consumer")

// longestMute is the most for which somebody may be muted at once: who mutes for
// ever forgets.
const longestMute = 7 * 24 * time.Hour

type muteOptions struct {
	approver, consumer string
	until              time.Duration
}

func (a *app) muteCommand() *cobra.Command {
	var o muteOptions
	c := &cobra.Command{
		Use:     "mute [REQUESTER]",
		GroupID: groupApprove,
		Short:   "Stop announcing the requests of somebody on this device for a time",
		Long: `Stop 'approve' from asking about the requests of a requester or a consumer, on this
device and for a time. Nobody else learns of it, the requests stay open for the
other approvers, and 'inbox --all' lists them. Without an argument, list who is
muted. Report what was not right instead: 'stillvault deny --report'.

REQUESTER is an entity id, or the name that requests show. A name may be chosen by
whoever asks, an entity id not.`,
		Example: `  stillvault mute 6fb1a2c4-… --for 1h
  stillvault mute --consumer ci --for 30m
  stillvault mute`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 && o.consumer == "" {
				return a.listMutes(cmd.Context(), o.approver)
			}
			m, desk, err := a.muteOf(cmd.Context(), o, args)
			if err != nil {
				return err
			}
			defer desk.Wipe()
			now := time.Now()
			m.Until = envelope.At(now.Add(o.until))
			if err := desk.home.Mute(desk.who.Name, m, now); err != nil {
				return err
			}
			a.Say("muted until %s; to end it before: stillvault unmute", moment(m.Until))
			return nil
		},
	}
	o.flags(a, c)
	c.Flags().DurationVar(&o.until, "for", time.Hour, "how long, at most 168h")
	return c
}

func (o *muteOptions) flags(a *app, c *cobra.Command) {
	a.approverFlag(c, &o.approver)
	c.Flags().StringVar(&o.consumer, "consumer", "", "the requests of this consumer")
	_ = c.RegisterFlagCompletionFunc("consumer", a.completeNames(consumerNames))
}

func (a *app) unmuteCommand() *cobra.Command {
	var o muteOptions
	c := &cobra.Command{
		Use:     "unmute [REQUESTER]",
		GroupID: groupApprove,
		Short:   "Announce the requests of somebody who is muted again",
		Example: `  stillvault unmute 6fb1a2c4-…
  stillvault unmute --consumer ci`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, desk, err := a.muteOf(cmd.Context(), o, args)
			if err != nil {
				return err
			}
			defer desk.Wipe()
			found, err := desk.home.Unmute(desk.who.Name, m, time.Now())
			switch {
			case err != nil:
				return err
			case !found:
				a.Say("nobody of this name is muted here")
			default:
				a.Say("announced again")
			}
			return nil
		},
	}
	o.flags(a, c)
	return c
}

// muteOf reads whom a command is about; its end is the caller's to set.
func (a *app) muteOf(ctx context.Context, o muteOptions, args []string) (home.Mute, *desk, error) {
	if (len(args) == 0) == (o.consumer == "") || len(args) == 1 && args[0] == "" {
		return home.Mute{}, nil, ErrWhomToMute
	}
	if o.until < 0 || o.until > longestMute {
		return home.Mute{}, nil, fmt.Errorf("--for %s: mute for at most %s", o.until, longestMute)
	}
	desk, err := a.desk(ctx, o.approver)
	if err != nil {
		return home.Mute{}, nil, err
	}
	var m home.Mute
	if o.consumer == "" {
		m.Requester = args[0]
		return m, desk, nil
	}
	consumer, err := desk.session.Device.Roster.ConsumerNamed(o.consumer)
	if err != nil {
		desk.Wipe()
		return m, nil, err
	}
	m.Consumer = consumer.ID
	return m, desk, nil
}

func (a *app) listMutes(ctx context.Context, name string) error {
	desk, err := a.desk(ctx, name)
	if err != nil {
		return err
	}
	defer desk.Wipe()
	all, err := desk.home.Mutes(desk.who.Name, time.Now())
	if err != nil {
		return err
	}
	type view struct {
		Requester string    `json:"requester"`
		Consumer  string    `json:"consumer"`
		Until     time.Time `json:"until"`
	}
	views := []view{}
	for _, m := range all {
		v := view{Requester: m.Requester, Until: m.Until.Time()}
		if !m.Consumer.IsZero() {
			v.Consumer = m.Consumer.String()
			if c, err := desk.session.Device.Roster.FormerConsumer(m.Consumer); err == nil {
				v.Consumer = c.Name
			}
		}
		views = append(views, v)
	}
	return a.Print(views, func(rows *terminal.Rows) {
		rows.Row("REQUESTER", "CONSUMER", "UNTIL")
		for _, v := range views {
			rows.Row(orAny(v.Requester), orAny(v.Consumer), v.Until.Format(time.RFC3339))
		}
	})
}

func orAny(s string) string {
	if s == "" {
		return "any"
	}
	return s
}
