package backend

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/vault-backend/exchange"
)

// notice is a kind of thing that somebody is to look into: it is listed and can be
// read until it is acknowledged. Its id is its request's.
type notice struct {
	name, one   string // as in the path, and a single one
	list        string // what the list is of, "Uses of …"
	item        string // what one says
	acknowledge string // what acknowledging does
	help        string
	columns     string // what the list says of each
	fields      fields

	all  func(*exchange.Exchange) (keys []string, info map[string]any)
	read func(*exchange.Exchange, envelope.ID) (map[string]any, error)
	done func(ctx context.Context, x *exchange.Exchange, id envelope.ID, who exchange.Requester) error
}

// pathsOf are the paths of a kind of notices.
func (b *broker) pathsOf(n notice) []*framework.Path {
	return []*framework.Path{
		{
			Pattern:      n.name + "/?",
			DisplayAttrs: display(n.name),
			Operations: operations{
				logical.ListOperation: &framework.PathOperation{
					Callback: b.listNotices(n), Summary: "List " + n.list + " that nobody has acknowledged, oldest first.", Responses: listed(n.columns),
				},
			},
			HelpSynopsis: "Not acknowledged: " + n.list + ".", HelpDescription: n.help,
		},
		{
			Pattern:      n.name + "/(?P<id>[^/]+)",
			DisplayAttrs: display(n.one),
			Fields:       fields{"id": field(framework.TypeString, "Its id, which is that of its request.")},
			Operations: operations{
				logical.ReadOperation: &framework.PathOperation{
					Callback: b.readNotice(n), Summary: "Read one.", Responses: answers("What it says.", n.fields),
				},
				logical.UpdateOperation: &framework.PathOperation{
					Callback: b.acknowledgeNotice(n), Summary: n.acknowledge, Responses: nothing("Acknowledged."), DisplayAttrs: verb("acknowledge"),
				},
			},
			HelpSynopsis: n.item, HelpDescription: n.help,
		},
	}
}

func (b *broker) listNotices(n notice) framework.OperationFunc {
	return func(ctx context.Context, _ *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
		x, err := b.routed(ctx)
		if err != nil {
			return nil, err
		}
		return logical.ListResponseWithInfo(n.all(x)), nil
	}
}

func (b *broker) readNotice(n notice) framework.OperationFunc {
	return func(ctx context.Context, _ *logical.Request, data *framework.FieldData) (*logical.Response, error) {
		id, err := idField(data, "id")
		if err != nil {
			return nil, err
		}
		x, err := b.routed(ctx)
		if err != nil {
			return nil, err
		}
		view, err := n.read(x, id)
		if err != nil {
			return nil, err
		}
		return &logical.Response{Data: view}, nil
	}
}

func (b *broker) acknowledgeNotice(n notice) framework.OperationFunc {
	return func(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
		id, err := idField(data, "id")
		if err != nil {
			return nil, err
		}
		x, err := b.routed(ctx)
		if err != nil {
			return nil, err
		}
		return nil, n.done(ctx, x, id, b.requesterOf(req))
	}
}

// originFields describe who asked,.
func originFields(more fields) fields {
	more["id"] = required(framework.TypeString, "The request's id.")
	more["path"] = required(framework.TypeString, "The secret's path.")
	more["version"] = required(framework.TypeInt64, "The secret's version.")
	more["requester"] = required(framework.TypeString, "Who asked, as Vault reports it or the host says.")
	more["entity"] = required(framework.TypeString, "The requester's Vault entity id.")
	more["remote"] = required(framework.TypeString, "Network address that it came from.")
	more["host"] = required(framework.TypeString, "The host that asked, empty for the mount.")
	more["reason"] = required(framework.TypeString, "The reason that the requester gave.")
	return more
}
