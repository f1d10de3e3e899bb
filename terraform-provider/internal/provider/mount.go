package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/home"
)

// mount reads what the mount says of itself, and refuses another mount than the
// configuration or the state directory knows.
func (s *session) mount(ctx context.Context) (*broker.Mount, error) {
	m, err := s.broker.ReadMount(ctx)
	if err != nil {
		return nil, err
	}
	if text := or(s.settings.MountID, mountIDVariable); text != "" {
		pinned, err := envelope.ParseID(text)
		if err != nil {
			return nil, fmt.Errorf("mount_id: %w", err)
		}
		if m.ID != pinned {
			return nil, fmt.Errorf("%s at %s is %s, and mount_id names %s: %w", s.broker.Mount(), s.broker.Address(), m.ID, pinned, home.ErrMount)
		}
	}
	if s.home == nil {
		return m, nil
	}
	if _, err := s.home.PinMount(s.broker.Address(), s.broker.Mount(), m.ID); err != nil && !errors.Is(err, home.ErrUnpinned) {
		return nil, err
	}
	return m, nil
}
