package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/orglog"
)

type consumerModel struct {
	ID          types.String `tfsdk:"id"`
	Name        types.String `tfsdk:"name"`
	Kind        types.String `tfsdk:"kind"`
	SigningKey  types.String `tfsdk:"signing_key"`
	MountID     types.String `tfsdk:"mount_id"`
	Compromised types.Bool   `tfsdk:"compromised_on_destroy"`
}

func (m *consumerModel) thing() thing { return thing{"consumer", m.Name.ValueString()} }

func (m *consumerModel) isMount() bool { return m.Kind.ValueString() == string(roster.ConsumerMount) }

// show takes over what the roster says of a consumer.
func (m *consumerModel) show(c *roster.Consumer) {
	m.ID, m.Name, m.Kind = types.StringValue(c.ID.String()), types.StringValue(c.Name), types.StringValue(string(c.Kind))
	m.SigningKey, m.MountID = types.StringValue(c.Signing.String()), types.StringNull()
	if !c.Mount.IsZero() {
		m.MountID = types.StringValue(c.Mount.String())
	}
	if m.Compromised.IsNull() {
		m.Compromised = types.BoolValue(false)
	}
}

// errMountMoved means that the mount says something else of itself than when it
// was planned.
var errMountMoved = errors.New("mount_changed: the mount has another id or key than it had when this was planned; plan again, and find out why before you apply")

// admission is the statement that admits the consumer as planned. What a mount is
// planned with has to be what it still says.
func (m *consumerModel) admission(ctx context.Context, s *session) (roster.ConsumerAdmit, error) {
	body := roster.ConsumerAdmit{ID: envelope.NewID(), Name: m.Name.ValueString(), Kind: roster.ConsumerKind(m.Kind.ValueString())}
	if !m.isMount() {
		var err error
		body.Signing, err = parseVerifyKey(m.SigningKey.ValueString())
		return body, err
	}
	mount, err := s.mount(ctx)
	if err != nil {
		return body, err
	}
	body.Signing, body.Mount = mount.Signing, mount.ID
	for _, planned := range []struct {
		was types.String
		is  string
	}{{m.SigningKey, mount.Signing.String()}, {m.MountID, mount.ID.String()}} {
		if !planned.was.IsUnknown() && planned.was.ValueString() != planned.is {
			return body, errMountMoved
		}
	}
	return body, nil
}

// admit signs the admission, and takes over what it says.
func (m *consumerModel) admit(ctx context.Context, s *session) (roster.Head, error) {
	body, err := m.admission(ctx, s)
	if err != nil {
		return roster.Head{}, err
	}
	head, err := s.sign(ctx, orglog.Change{Build: func(r *roster.Roster) ([]orglog.Entry, error) {
		if _, err := r.ConsumerNamed(body.Name); err == nil {
			return nil, errExists
		}
		return []orglog.Entry{{Kind: roster.KindConsumerAdmit, Body: body}}, nil
	}})
	if errors.Is(err, roster.ErrStatement) {
		err = fmt.Errorf("%w. A key is admitted once, and ends with its consumer: %s", err, m.otherKey())
	}
	if err == nil {
		m.show(&roster.Consumer{ConsumerAdmit: body})
	}
	return head, err
}

// otherKey says where another key comes from.
func (m *consumerModel) otherKey() string {
	if m.isMount() {
		return "where the mount was a consumer before, import that one, or, if it was revoked, use another mount"
	}
	return "make one under a name that has none yet with `stillvault consumer keygen NAME` (for a name that has one it prints that), or import the consumer that has it"
}

// rename signs the consumer's name, in place of what it was.
func (m *consumerModel) rename(ctx context.Context, s *session, private privateReader, was string) (roster.Head, error) {
	id, err := envelope.ParseID(m.ID.ValueString())
	if err != nil {
		return roster.Head{}, err
	}
	name := m.Name.ValueString()
	now := func(r *roster.Roster) (string, error) {
		c, err := r.Consumer(id)
		if err != nil {
			return "", err
		}
		return c.Name, nil
	}
	same := func(a, b string) bool { return a == b }
	return s.signSince(ctx, private, orglog.Change{Build: unlessChanged(was, name, now, same, func(r *roster.Roster) ([]orglog.Entry, error) {
		if _, err := r.ConsumerNamed(name); err == nil {
			return nil, errExists
		}
		return []orglog.Entry{{Kind: roster.KindConsumerSet, Body: roster.ConsumerSet{ID: id, Name: name}}}, nil
	})})
}

// revoke signs the consumer's end, and says what could not be received or believed
// any more. That is no reason to leave a key in force.
func (m *consumerModel) revoke(ctx context.Context, s *session, private privateReader, diags *diag.Diagnostics) error {
	id, err := envelope.ParseID(m.ID.ValueString())
	if err != nil {
		return err
	}
	body := roster.ConsumerRevoke{ID: id, Compromised: m.Compromised.ValueBool()}
	var warnings diag.Diagnostics
	var signed bool
	head, err := s.signSince(ctx, private, orglog.Change{
		Build: func(r *roster.Roster) ([]orglog.Entry, error) {
			c, err := r.FormerConsumer(id)
			// One that was revoked otherwise can still be said to be compromised.
			signed = err == nil && (!c.Revoked || body.Compromised && !c.Compromised)
			if !signed {
				return nil, nil
			}
			return []orglog.Entry{{Kind: roster.KindConsumerRevoke, Body: body}}, nil
		},
		Guard: func(ctx context.Context, _ *roster.Roster, entries []orglog.Entry) error {
			warnings = m.costs(ctx, s, entries[0])
			m.foreseeEnd(ctx, s, &warnings)
			return nil
		},
	})
	if err == nil && signed {
		diags.Append(warnings...)
		s.forgets(m.thing(), head, diags)
	}
	return err
}

// costs says what a revocation does to the secrets.
func (m *consumerModel) costs(ctx context.Context, s *session, e orglog.Entry) diag.Diagnostics {
	var warnings diag.Diagnostics
	p, err := s.broker.PreviewStatement(ctx, e.Kind, e.Body)
	if err != nil {
		warnings.AddWarning(fmt.Sprintf("Consumer %q is revoked, whatever that costs", m.Name.ValueString()), fmt.Sprintf("What this does to the secrets could not be found out: %s", err))
		return warnings
	}
	if len(p.Deserted) > 0 {
		warnings.AddWarning(fmt.Sprintf("Nobody receives what consumer %q did", m.Name.ValueString()),
			fmt.Sprintf("%s: none of the consumers that their policies name is in force any more; name others there.", listed(p.Deserted)))
	}
	if len(p.Disbelieved) > 0 {
		warnings.AddWarning(fmt.Sprintf("What consumer %q wrote is not believed any more", m.Name.ValueString()),
			fmt.Sprintf("%s: write them again, by an author that their policies allow.", listed(p.Disbelieved)))
	}
	return warnings
}

// foreseeEnd warns where it is the mount that ends as a consumer: its key was admitted
// once, and it has no other. One that was admitted and is another mount by now is not it.
func (m *consumerModel) foreseeEnd(ctx context.Context, s *session, diags *diag.Diagnostics) {
	if !m.isMount() {
		return
	}
	if mount, err := s.mount(ctx); err == nil && mount.Signing.String() != m.SigningKey.ValueString() {
		return
	}
	diags.AddWarning(fmt.Sprintf("The mount can be no consumer again after %q", m.Name.ValueString()),
		"Its key is revoked for good, and a mount has one. Nothing that is stored in it can be re-shared any more, so that what waits for that, or will after a change of people or of a quorum, stays unreadable until it is written again; "+
			"and `vault read` and `vault write` end there. Hosts and CI go on.")
}

// plan says what the mount is, where it is the consumer.
func (m *consumerModel) plan(ctx context.Context, s *session) {
	m.SigningKey, m.MountID = types.StringUnknown(), types.StringUnknown()
	if mount, err := s.mount(ctx); err == nil {
		m.SigningKey, m.MountID = types.StringValue(mount.Signing.String()), types.StringValue(mount.ID.String())
	}
}

// checkEnd refuses a plan in which a consumer makes room for another one and is called
// compromised by the same change: it ends as the state has it.
func (m *consumerModel) checkEnd(state *consumerModel, diags *diag.Diagnostics) {
	replaced := !m.Kind.Equal(state.Kind) || !m.SigningKey.Equal(state.SigningKey)
	if replaced && m.Compromised.ValueBool() && !state.Compromised.ValueBool() {
		diags.AddAttributeError(path.Root("compromised_on_destroy"), "Not applied yet",
			fmt.Sprintf("Consumer %q would be replaced by this change, and its key revoked as one that nobody else knows, since that is what was applied last. "+
				"Apply compromised_on_destroy = true by itself first, and replace the consumer then.", state.Name.ValueString()))
	}
}

// checkKey refuses a key where there is none to give, and its lack.
func (m *consumerModel) checkKey(diags *diag.Diagnostics) {
	if m.Kind.IsUnknown() || m.SigningKey.IsUnknown() {
		return
	}
	at := path.Root("signing_key")
	switch {
	case m.isMount() && !m.SigningKey.IsNull():
		diags.AddAttributeError(at, "A mount's key is not given", "A consumer of kind mount has the key that the mount says it has. The plan shows it: compare it there, and leave this out.")
	case !m.isMount() && m.SigningKey.IsNull():
		diags.AddAttributeError(at, "Key missing", "Give the public half of the consumer's key, as `stillvault consumer keygen` prints it where the consumer runs.")
	}
}
