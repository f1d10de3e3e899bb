package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/consumer"
)

// ErrWhichConsumer means that the consumer to be is not clear.
var ErrWhichConsumer = errors.New("consumer_unclear: this state directory does not have exactly one consumer; name one with --consumer, or make one with `stillvault consumer keygen`")

// opened is a host consumer with the client that it speaks through.
type opened struct {
	*consumer.Host
	client *broker.Client
	key    *envelope.SigningKey
}

// Wipe wipes the consumer's key.
func (o *opened) Wipe() { o.key.Wipe() }

// host opens the consumer of a name, or the only one, of the state directory.
func (a *app) host(ctx context.Context, name string) (*opened, error) {
	h, err := a.home()
	if err != nil {
		return nil, err
	}
	if name == "" {
		names, err := h.Consumers()
		if err != nil {
			return nil, err
		}
		if len(names) != 1 {
			return nil, fmt.Errorf("%s has %d: %w", h.Dir(), len(names), ErrWhichConsumer)
		}
		name = names[0]
	}
	client, err := a.broker()
	if err != nil {
		return nil, err
	}
	mount, err := a.mountOf(ctx, h, client)
	if err != nil {
		return nil, err
	}
	key, err := h.Consumer(name)
	if err != nil {
		return nil, err
	}
	return &opened{client: client, key: key, Host: &consumer.Host{
		Name: name, Signer: key, Mount: mount.ID, Broker: client,
		Memory: consumer.Kept{Home: h, Consumer: name, Mount: mount.ID},
		Roster: func(ctx context.Context) (*roster.Roster, error) {
			log, err := fetch(ctx, h, client)
			if err != nil {
				return nil, err
			}
			return log.Roster, nil
		},
		Now: time.Now,
	}}, nil
}

// origin says who asks: this host of itself, and Vault of the token's owner.
func (o *opened) origin(ctx context.Context) (approval.Origin, error) {
	return consumer.Origin(ctx, o.client.Vault())
}
