package backend

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// HandleRequest checks what every path wants checked before its own callback
// runs, and gives errors the form that Vault passes on.
func (b *broker) HandleRequest(ctx context.Context, req *logical.Request) (*logical.Response, error) {
	switch req.Operation {
	case logical.CreateOperation, logical.UpdateOperation, logical.ReadOperation, logical.ListOperation, logical.DeleteOperation:
	default:
		return b.Backend.HandleRequest(ctx, req)
	}
	if err := b.checkInput(req); err != nil {
		return nil, answer(err)
	}
	ctx, left := withWait(ctx)
	resp, err := b.Backend.HandleRequest(ctx, req)
	if *left != nil {
		resp, err = (*left)(ctx)
	}
	if err != nil {
		if isFramework(err) {
			return resp, err
		}
		coded := answer(err)
		// What a callback coded itself is an answer, and no line in a log that
		// somebody without a token could fill.
		if _, meant := err.(logical.HTTPCodedError); coded == err && !meant {
			b.Logger().Error("call failed", "operation", req.Operation, "error", err)
		}
		return nil, coded
	}
	if resp.IsError() {
		// The framework found something that checkInput did not, and quotes it.
		return nil, answer(errInput)
	}
	if resp != nil && strings.HasPrefix(req.Path, secretPrefix) {
		// The framework takes a user's key for a field of the path where it has
		// the name of one, and warns that it was replaced. It was not.
		resp.Warnings = nil
	}
	return resp, nil
}

// isFramework says whether an error is one of those that the framework itself
// returns and Vault knows.
func isFramework(err error) bool {
	return errors.Is(err, logical.ErrUnsupportedOperation) || errors.Is(err, logical.ErrUnsupportedPath)
}

// HandleExistenceCheck keeps the framework from validating the data of a write
// here: HandleRequest does, and words its errors without the values.
func (b *broker) HandleExistenceCheck(ctx context.Context, req *logical.Request) (bool, bool, error) {
	bare := *req
	bare.Data = nil
	return b.Backend.HandleExistenceCheck(ctx, &bare)
}

// checkInput refuses fields that a path does not know, and values of the wrong
// type. The framework would pass over the former, and quote the latter in an
// error that audit devices log as it stands.
func (b *broker) checkInput(req *logical.Request) error {
	path := b.Route(req.Path)
	if path == nil {
		return nil
	}
	secretWrite := path.TakesArbitraryInput &&
		(req.Operation == logical.CreateOperation || req.Operation == logical.UpdateOperation)
	if secretWrite {
		return checkSecretInput(req.Data)
	}
	known := path.Fields
	if path.TakesArbitraryInput {
		known = secretFields[req.Operation]
	}
	for _, name := range slices.Sorted(maps.Keys(req.Data)) {
		field := known[name]
		if field == nil {
			return fmt.Errorf("%.64q: %w", name, errUnknownField)
		}
		if !fits(field.Type, req.Data[name]) {
			return fmt.Errorf("%q wants %s: %w", name, typeNames[field.Type], errInput)
		}
	}
	return nil
}

// secretFields are what the operations on secret/ that write nothing take beside
// the path. A delete that took a version and deleted another would be worse than
// one that is refused.
var secretFields = map[logical.Operation]fields{
	logical.ReadOperation: {
		"wait":        field(framework.TypeDurationSecond, ""),
		"reason":      field(framework.TypeString, ""),
		"version":     field(framework.TypeString, ""),
		"lease":       field(framework.TypeDurationSecond, ""),
		"break_glass": field(framework.TypeBool, ""),
	},
}

// typeNames say what a field's type wants, to people.
var typeNames = map[framework.FieldType]string{
	framework.TypeString:         "a string",
	framework.TypeInt:            "a whole number",
	framework.TypeInt64:          "a whole number",
	framework.TypeBool:           "true or false",
	framework.TypeDurationSecond: "a duration such as 50s or 5m",
	framework.TypeCommaIntSlice:  "a list of whole numbers such as 1,2,3",
	framework.TypeStringSlice:    "a list of strings",
}
