package backend

import (
	"net/http"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/envelope"
)

type fields = map[string]*framework.FieldSchema

type operations = map[logical.Operation]framework.OperationHandler

func field(t framework.FieldType, description string) *framework.FieldSchema {
	return &framework.FieldSchema{Type: t, Description: description}
}

// required is a field that an answer always has.
func required(t framework.FieldType, description string) *framework.FieldSchema {
	return &framework.FieldSchema{Type: t, Description: description, Required: true}
}

// answers declares a 200 with these fields.
func answers(description string, f fields) map[int][]framework.Response {
	return map[int][]framework.Response{http.StatusOK: {{Description: description, Fields: f}}}
}

// nothing declares a 204.
func nothing(description string) map[int][]framework.Response {
	return map[int][]framework.Response{http.StatusNoContent: {{Description: description}}}
}

// listed declares a list of keys, with what is shown beside each.
func listed(description string) map[int][]framework.Response {
	return answers(description, fields{
		"keys":     field(framework.TypeStringSlice, "Names, in order."),
		"key_info": field(framework.TypeMap, "What is shown beside each name."),
	})
}

// display names a path for user interfaces and generated clients.
func display(suffix string) *framework.DisplayAttributes {
	return &framework.DisplayAttributes{OperationPrefix: "stillvault", OperationSuffix: suffix}
}

// verb names one operation of a path where the default would not fit.
func verb(v string) *framework.DisplayAttributes {
	return &framework.DisplayAttributes{OperationVerb: v}
}

// shownTime returns a time as people read it, empty for none.
func shownTime(t envelope.Time) string {
	if t == 0 {
		return ""
	}
	return t.Time().Format(time.RFC3339Nano)
}

// encodedText returns a structure as the text in which it travels.
func encodedText(v any) (string, error) {
	encoded, err := envelope.Encode(v)
	return string(encoded), err
}

// idText returns an organisation's id, empty before one is pinned.
func idText(id envelope.Hash) string {
	if id.IsZero() {
		return ""
	}
	return id.String()
}
