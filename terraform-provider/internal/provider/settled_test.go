package provider

import (
	"bytes"
	"maps"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// object is an object of a type of which only some attributes are given.
func object(t *testing.T, of tftypes.Object, given map[string]any) tftypes.Value {
	t.Helper()
	values := map[string]tftypes.Value{}
	for name, kind := range of.AttributeTypes {
		if v, ok := given[name].(tftypes.Value); ok {
			values[name] = v
		} else {
			values[name] = tftypes.NewValue(kind, given[name])
		}
	}
	return tftypes.NewValue(of, values)
}

// What is settled is what the framework plans as it was; where something that the
// configuration leaves out is another than its default, it is not settled.
func TestWhatIsSettledTheFrameworkWouldNotChange(t *testing.T) {
	whole := policyForm().whole.(tftypes.Object)
	list := whole.AttributeTypes["requirement"].(tftypes.List)
	one := list.ElementType.(tftypes.Object)
	set := tftypes.Set{ElementType: tftypes.String}
	ids := func(texts ...string) tftypes.Value {
		all := []tftypes.Value{}
		for _, text := range texts {
			all = append(all, tftypes.NewValue(tftypes.String, text))
		}
		return tftypes.NewValue(set, all)
	}
	const alice = "00000000-0000-4000-8000-000000000001"
	requirement := func(edit map[string]any) tftypes.Value {
		q := map[string]any{"name": "sre", "m": 1, "approvers": ids(alice), "groups": ids()}
		maps.Copy(q, edit)
		return tftypes.NewValue(list, []tftypes.Value{object(t, one, q)})
	}
	state := func(edit map[string]any) tftypes.Value {
		p := map[string]any{
			"id": alice, "name": "p", "path": "p/*", "requirement": requirement(nil), "authors": ids(), "consumers": ids(), "refused_factors": ids(),
			"lease_ttl": "15m", "lease_max": "1h", "request_ttl": "5m", "self_approval": false, "minimum_coverage": 1, "match_code": false, "consent_first": false,
		}
		maps.Copy(p, edit)
		return object(t, whole, p)
	}
	config := func(edit map[string]any) tftypes.Value {
		p := map[string]any{"name": "p", "path": "p/*", "requirement": requirement(map[string]any{"groups": nil})}
		maps.Copy(p, edit)
		return object(t, whole, p)
	}
	glass := object(t, one, map[string]any{"name": "glass", "m": 2, "approvers": ids(alice, "b"), "groups": ids()})
	for name, c := range map[string]struct {
		config, prior tftypes.Value
		want          bool
	}{
		"as it is":            {config(nil), state(nil), true},
		"without names":       {config(map[string]any{"requirement": requirement(map[string]any{"name": nil, "groups": nil})}), state(nil), true},
		"written out":         {config(map[string]any{"lease_ttl": "20m", "match_code": true}), state(map[string]any{"lease_ttl": "20m", "match_code": true}), true},
		"break-glass":         {config(map[string]any{"break_glass": glass}), state(map[string]any{"break_glass": glass}), true},
		"a duration drifted":  {config(nil), state(map[string]any{"lease_ttl": "20m"}), false},
		"a flag drifted":      {config(nil), state(map[string]any{"consent_first": true}), false},
		"a number drifted":    {config(nil), state(map[string]any{"minimum_coverage": 0}), false},
		"a set drifted":       {config(nil), state(map[string]any{"authors": ids(alice)}), false},
		"a factor drifted":    {config(nil), state(map[string]any{"refused_factors": ids("password")}), false},
		"a group drifted":     {config(nil), state(map[string]any{"requirement": requirement(map[string]any{"groups": ids(alice)})}), false},
		"break-glass drifted": {config(nil), state(map[string]any{"break_glass": glass}), false},
	} {
		t.Run(name, func(t *testing.T) {
			encoded := func(v tftypes.Value) *tfprotov6.DynamicValue {
				d, err := tfprotov6.NewDynamicValue(whole, v)
				if err != nil {
					t.Fatal(err)
				}
				return &d
			}
			req := &tfprotov6.PlanResourceChangeRequest{
				TypeName: "stillvault_policy", Config: encoded(c.config), PriorState: encoded(c.prior), ProposedNewState: encoded(c.prior),
			}
			if got := Settled(req); got != c.want {
				t.Fatalf("settled: %t", got)
			}
			resp, err := providerserver.NewProtocol6(New("test"))().PlanResourceChange(t.Context(), req)
			if err != nil || len(resp.Diagnostics) > 0 {
				t.Fatalf("%v, %v", err, resp.Diagnostics)
			}
			planned, err := resp.PlannedState.Unmarshal(whole)
			if err != nil {
				t.Fatal(err)
			}
			if same := planned.Equal(c.prior); same != c.want {
				t.Errorf("the framework plans no change: %t", same)
			}
		})
	}
}

func TestOnlyPoliciesThatStayAreSettled(t *testing.T) {
	state := &tfprotov6.DynamicValue{MsgPack: []byte{0xc0}} // null
	for name, req := range map[string]*tfprotov6.PlanResourceChangeRequest{
		"another kind": {TypeName: "stillvault_group", Config: state, PriorState: state, ProposedNewState: state},
		"nothing":      {TypeName: "stillvault_policy", Config: state, PriorState: state, ProposedNewState: state},
		"no state":     {TypeName: "stillvault_policy"},
		"a new one":    {TypeName: "stillvault_policy", Config: state, PriorState: state, ProposedNewState: &tfprotov6.DynamicValue{MsgPack: bytes.Clone([]byte{0x80})}},
	} {
		if Settled(req) {
			t.Error(name)
		}
	}
}
