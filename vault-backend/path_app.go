package backend

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/plugins/phone"
)

// app makes the mount's copy of the phone app once a process asks for it.
var app = sync.OnceValues(func() (*phone.Bundle, error) {
	return phone.New(phone.Options{Copy: phone.CopyMount})
})

const appHelp = `
The approver's web app, for development and small installations: whoever runs
this server could change what it gives out. Production serves the app from an
origin of the organisation's own, see "stillvault phone". Compare what is served
here with a program that you trust: "stillvault phone verify".`

func (b *broker) pathApp() []*framework.Path {
	return []*framework.Path{
		{
			Pattern:      "app",
			DisplayAttrs: display("app"),
			Operations: operations{
				logical.ReadOperation: &framework.PathOperation{
					Callback: redirectToApp, Summary: "Lead to the phone app.",
					Responses: map[int][]framework.Response{http.StatusTemporaryRedirect: {{Description: "The app is at app/."}}},
				},
			},
			HelpSynopsis: "Leads to the phone app.", HelpDescription: appHelp,
		},
		{
			Pattern:      `app/(?P<name>.*)`,
			DisplayAttrs: display("app-file"),
			Fields:       fields{"name": field(framework.TypeString, "Name of a file of the app; none for the page itself.")},
			Operations: operations{
				logical.ReadOperation: &framework.PathOperation{
					Callback: readAppFile, Summary: "Give out a file of the phone app.",
					Responses:    map[int][]framework.Response{http.StatusOK: {{Description: "The file as it is.", MediaType: "*/*"}}},
					DisplayAttrs: verb("get"),
				},
			},
			HelpSynopsis: "The phone app's files.", HelpDescription: appHelp,
		},
	}
}

// redirectToApp adds the slash, without which the page's relative addresses
// lead elsewhere. The target is relative too: a namespace may stand before it.
func redirectToApp(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
	return &logical.Response{Redirect: "app/"}, nil
}

// readAppFile answers with a file's bytes, found by its exact name. Vault lets
// only those headers through that the mount is tuned for; Content-Type and
// Cache-Control it takes from a raw answer.
func readAppFile(_ context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	if err := refuseWrapping(req); err != nil {
		return nil, err
	}
	bundle, err := app()
	if err != nil {
		return nil, logical.CodedError(http.StatusNotFound, err.Error())
	}
	f, ok := bundle.File(data.Get("name").(string))
	if !ok {
		return nil, logical.CodedError(http.StatusNotFound, fmt.Sprintf(
			"app_file_missing: the app of version %s has no such file; open its page anew", bundle.Manifest().Version))
	}
	headers := bundle.Headers(f.Name)
	resp := &logical.Response{Data: map[string]any{
		logical.HTTPStatusCode:         http.StatusOK,
		logical.HTTPContentType:        f.Type,
		logical.HTTPCacheControlHeader: headers.Get("Cache-Control"),
		logical.HTTPRawBody:            f.Data,
	}}
	headers.Del("Content-Type")
	headers.Del("Cache-Control")
	resp.Headers = headers
	if unchanged(f, req.Headers) {
		resp.Data[logical.HTTPStatusCode] = http.StatusNotModified
		delete(resp.Data, logical.HTTPRawBody)
	}
	return resp, nil
}

// unchanged says whether the client has the file already. Vault passes the
// header on only where the mount is tuned for it.
func unchanged(f phone.File, headers map[string][]string) bool {
	for _, value := range http.Header(headers).Values("If-None-Match") {
		if f.Unchanged(value) {
			return true
		}
	}
	return false
}
