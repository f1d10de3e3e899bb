package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/home"
)

// errMountID means that the mount is another than the configuration names.
var errMountID = errors.New("mount_changed: the provider's mount_id names another mount; if it was set up anew on purpose, put the new id there")

// mount reads what the mount says of itself, and refuses another mount than the
// configuration or the state directory knows.
func (s *session) mount(ctx context.Context) (*broker.Mount, error) {
	m, err := s.broker.ReadMount(ctx)
	if err != nil {
		return nil, err
	}
	if text := or(s.settings.MountID, mountIDVariable); text != "" {
		pinned, err := parseMountID(text)
		if err != nil {
			return nil, err
		}
		if m.ID != pinned {
			return nil, fmt.Errorf("%s at %s says that it is %s: %w", s.broker.Mount(), s.broker.Address(), m.ID, errMountID)
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
